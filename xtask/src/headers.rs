//! The security headers, read from the file that a static host reads as well.

use anyhow::{Context, Result};
use std::path::Path;

/// Header names and values for every path, from `dist/_headers`.
pub fn read(dist: &Path) -> Result<Vec<(String, String)>> {
    let path = dist.join("_headers");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}: build the page first", path.display()))?;
    Ok(parse(&text))
}

fn parse(text: &str) -> Vec<(String, String)> {
    text.lines()
        .filter(|line| line.starts_with(char::is_whitespace))
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::{root, www};
    use std::fs;

    #[test]
    fn indented_lines_are_headers_and_values_may_hold_colons() {
        let headers = parse("/*\n  X-A: one\n  Content-Security-Policy: img-src blob: data:\n");
        assert_eq!(headers[0], ("X-A".into(), "one".into()));
        assert_eq!(headers[1].1, "img-src blob: data:");
        assert_eq!(headers.len(), 2);
    }

    /// Every header that `www/security.json` asks for, as a host should send it.
    fn wanted() -> Vec<(String, String)> {
        let rules: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(www().join("security.json")).unwrap()).unwrap();
        let list = |key: &str| rules[key].as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned());
        let policy: Vec<String> = list("csp").chain(list("cspHeaderOnly")).collect();
        let others = rules["headers"].as_object().unwrap().iter();
        std::iter::once(("Content-Security-Policy".to_owned(), policy.join("; ")))
            .chain(others.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())))
            .collect()
    }

    #[test]
    fn the_nginx_recipe_sends_what_the_page_asks_for() {
        let recipe = fs::read_to_string(root().join("docs/hosting.md")).unwrap();
        let lines: Vec<&str> =
            recipe.lines().map(str::trim).filter(|l| l.starts_with("add_header ")).collect();
        let wanted: Vec<String> = wanted()
            .into_iter()
            .map(|(name, value)| format!("add_header {name} \"{value}\" always;"))
            .collect();
        for line in &wanted {
            assert!(lines.contains(&line.as_str()), "docs/hosting.md lacks: {line}");
        }
        assert_eq!(lines.len(), wanted.len());
    }
}
