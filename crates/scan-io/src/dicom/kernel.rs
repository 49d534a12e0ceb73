//! Reconstruction kernels of CT, by the names that manufacturers give them.

/// Siemens and others number theirs, from soft to sharp.
const FIRST_SHARP: u32 = 60;

/// Canon numbers families: bodies, brains (20 and 60), bones (30 and 80) and lungs (50).
const CANON: &str = "FC";

/// Whether a kernel is for bone: sharp, and so noisy that soft tissue is hard to see.
pub(super) fn is_sharp(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    if ["BONE", "EDGE"].iter().any(|sharp| name.starts_with(sharp)) {
        return true;
    }
    let number = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let digits = number.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    let is_canon = name.starts_with(CANON);
    let is_sharp = |n: u32| if is_canon { matches!(n, 30..40 | 50..60 | 80..90) } else { n >= FIRST_SHARP };
    digits.len() == 2 && number.len() < name.len() && digits.parse().is_ok_and(is_sharp)
}

#[cfg(test)]
mod tests {
    use super::is_sharp;

    #[test]
    fn kernels_are_told_by_their_names() {
        let sharp =
            ["H60s", "H70h", "Hr68", "B80f", "BONE", "BonePlus", "EDGE", "FC30", "FC35", "FC52", "FC81"];
        assert!(sharp.iter().all(|name| is_sharp(name)));
        let soft = ["H31s", "J40s", "Br36f", "Hc40", "STANDARD", "SOFT", "UB", "", "120", "80", "A1600"];
        let canon = ["FC08-H", "FC13", "FC26", "FC44", "FC64", "FC68", "fc68", "FC70", "FC90", "FC"];
        assert!(!soft.iter().chain(&canon).any(|name| is_sharp(name)));
    }
}
