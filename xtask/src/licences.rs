//! The licences of all Rust dependencies against the list in `deny.toml`.

use crate::{root, run};
use anyhow::{Context, Result, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Fails on the first run with a dependency whose licence is not on the list, and names all of them.
pub fn check() -> Result<()> {
    let rules: toml::Value = toml::from_str(&fs::read_to_string(root().join("deny.toml"))?)?;
    let allowed = strings(&rules["licenses"]["allow"]);
    let clarified = clarified(&rules);
    let packages = packages()?;
    let mut refused = Vec::new();
    for package in &packages {
        let name = package["name"].as_str().unwrap_or_default();
        let stated = package["license"].as_str().or_else(|| clarified.get(name).map(String::as_str));
        if !stated.is_some_and(|licence| is_allowed(licence, &allowed)) {
            refused.push(format!("{name}: {}", stated.unwrap_or("none stated")));
        }
    }
    println!("licences: {} packages, {} not allowed", packages.len(), refused.len());
    if refused.is_empty() { Ok(()) } else { bail!("licences outside of deny.toml:\n{}", refused.join("\n")) }
}

/// All crates of the lock file, as `cargo metadata` describes them.
pub fn packages() -> Result<Vec<serde_json::Value>> {
    let text = run::output("cargo", &["metadata", "--locked", "--format-version", "1"])
        .context("`cargo metadata` failed: is Cargo.lock up to date?")?;
    let metadata: serde_json::Value = serde_json::from_str(&text)?;
    metadata["packages"].as_array().cloned().context("`cargo metadata` lists no packages")
}

fn strings(list: &toml::Value) -> BTreeSet<String> {
    list.as_array().into_iter().flatten().filter_map(|v| Some(v.as_str()?.to_owned())).collect()
}

fn clarified(rules: &toml::Value) -> BTreeMap<String, String> {
    let entries = rules["licenses"].get("clarify").and_then(toml::Value::as_array);
    let pair = |entry: &toml::Value| {
        Some((entry["crate"].as_str()?.to_owned(), entry["expression"].as_str()?.to_owned()))
    };
    entries.into_iter().flatten().filter_map(pair).collect()
}

/// Whether an SPDX expression can be met with allowed licences alone. `/` is an old way to write `OR`.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    any(&mut words, allowed) && words.peek().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut met = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= all(words, allowed);
    }
    met
}

fn all(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let met = any(words, allowed);
        return words.next_if_eq(&")").is_some() && met;
    }
    let mut name = words.next().unwrap_or_default().to_owned();
    if words.next_if_eq(&"WITH").is_some() {
        name = format!("{name} WITH {}", words.next().unwrap_or_default());
    }
    allowed.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn expressions_are_met_or_not() {
        let allowed = ["MIT", "NCSA", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
        for good in ["MIT", "GPL-3.0 OR MIT", "GPL-3.0/MIT", "(MIT OR GPL-3.0) AND NCSA"] {
            assert!(is_allowed(good, &allowed), "{good}");
        }
        assert!(is_allowed("Apache-2.0 WITH LLVM-exception", &allowed));
        for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT", "MIT)", "Apache-2.0", "MIT GPL-3.0"] {
            assert!(!is_allowed(bad, &allowed), "{bad}");
        }
    }
}
