//! Reconstruction kernels of CT, by the names that manufacturers give them.

/// Siemens, Canon and others number theirs, from soft to sharp.
const FIRST_SHARP: u32 = 60;

/// Whether a kernel is for bone: sharp, and so noisy that soft tissue is hard to see.
pub(super) fn is_sharp(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    if ["BONE", "EDGE"].iter().any(|sharp| name.starts_with(sharp)) {
        return true;
    }
    let number = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let digits = number.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    digits.len() == 2 && number.len() < name.len() && digits.parse().is_ok_and(|n: u32| n >= FIRST_SHARP)
}

#[cfg(test)]
mod tests {
    use super::is_sharp;

    #[test]
    fn kernels_are_told_by_their_names() {
        let sharp = ["H60s", "H70h", "Hr68", "B80f", "BONE", "BonePlus", "EDGE", "FC81"];
        assert!(sharp.iter().all(|name| is_sharp(name)));
        let soft =
            ["H31s", "J40s", "Br36f", "Hc40", "FC26", "STANDARD", "SOFT", "UB", "", "120", "80", "A1600"];
        assert!(!soft.iter().any(|name| is_sharp(name)));
    }
}
