//! What file names say: which files of a drop belong together.

use std::collections::HashSet;

pub(crate) fn file_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// File name without folder and extensions.
pub(crate) fn stem(name: &str) -> &str {
    split(file_name(name)).0
}

/// Path and extension, not counting that of gzip.
pub(crate) fn split(name: &str) -> (&str, &str) {
    let name = without_gz(name);
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && !extension.contains(['/', '\\']) => (stem, extension),
        _ => (name, ""),
    }
}

fn without_gz(name: &str) -> &str {
    let end = name.len().saturating_sub(3);
    match name.get(end..) {
        Some(gz) if gz.eq_ignore_ascii_case(".gz") => &name[..end],
        _ => name,
    }
}

/// Paths of the `.hdr` files that have been named.
#[derive(Debug, Default)]
pub(crate) struct Headers(HashSet<String>);

impl Headers {
    pub fn note(&mut self, name: &str) {
        let (path, extension) = split(name);
        if extension.eq_ignore_ascii_case("hdr") {
            self.0.insert(path.to_owned());
        }
    }

    /// Whether a file may be the other half of a pair.
    pub fn has_beside(&self, name: &str) -> bool {
        self.0.contains(split(name).0)
    }
}
