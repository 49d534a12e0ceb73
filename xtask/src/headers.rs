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

    #[test]
    fn indented_lines_are_headers_and_values_may_hold_colons() {
        let headers = parse("/*\n  X-A: one\n  Content-Security-Policy: img-src blob: data:\n");
        assert_eq!(headers[0], ("X-A".into(), "one".into()));
        assert_eq!(headers[1].1, "img-src blob: data:");
        assert_eq!(headers.len(), 2);
    }
}
