//! A scaling of intensities as it is typed.

use saswin_model::Window;

/// `z-score`, `percentiles:LOW,HIGH` or `fixed:LOW,HIGH`.
pub fn parse(text: &str) -> Result<Window, String> {
    if text == "z-score" {
        return Ok(Window::ZScore);
    }
    match text.split_once(':').and_then(|(kind, bounds)| Some((kind, numbers(bounds)?))) {
        Some(("percentiles", (low, high))) => Ok(Window::Percentiles { low, high, ceiling: 1.0 }),
        Some(("fixed", (low, high))) => Ok(Window::Hounsfield { low, high }),
        _ => Err("neither `z-score` nor `percentiles:LOW,HIGH` nor `fixed:LOW,HIGH`".to_owned()),
    }
}

fn numbers(bounds: &str) -> Option<(f64, f64)> {
    let (low, high) = bounds.split_once(',')?;
    Some((low.trim().parse().ok()?, high.trim().parse().ok()?))
}

/// As it would be typed.
pub fn words(window: &Window) -> String {
    match window {
        Window::ZScore => "z-score".to_owned(),
        Window::Percentiles { low, high, .. } => format!("percentiles:{low},{high}"),
        Window::Hounsfield { low, high } => format!("fixed:{low},{high}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_can_be_typed() {
        for text in ["z-score", "percentiles:0.5,99.5", "fixed:-1000,1000"] {
            assert_eq!(words(&parse(text).unwrap()), text);
        }
        for text in ["", "zscore", "fixed", "fixed:5", "fixed:a,b", "percentiles:1,2,3", "hounsfield:0,100"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
