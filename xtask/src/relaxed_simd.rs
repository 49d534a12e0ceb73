//! Where a module multiplies and adds by relaxed SIMD.
//!
//! The module holds its loops twice: with relaxed SIMD, which not every browser has, and without. A browser without
//! it refuses such instructions even where they are never reached, so `www/src/relaxed-simd.js` writes others over them.

use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::Path;
use wasmparser::{Operator, Parser, Payload};

/// Bytes of each instruction: a prefix and a number of two bytes.
const LENGTH: usize = 3;

/// Writes the distance of each such instruction of `module` from the one before to the script `list`.
pub fn list(module: &Path, list: &Path) -> Result<()> {
    let bytes = fs::read(module)?;
    let places = places(&bytes).with_context(|| format!("{} is no module", module.display()))?;
    let before = std::iter::once(0).chain(places.iter().copied());
    let steps: Vec<usize> = places.iter().zip(before).map(|(place, before)| place - before).collect();
    Ok(fs::write(list, format!("export default {steps:?};\n"))?)
}

/// Offsets of the instructions, all of which take three vectors and give one.
fn places(module: &[u8]) -> Result<Vec<usize>> {
    let mut places = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        let Payload::CodeSectionEntry(body) = payload? else { continue };
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let (operator, place) = operators.read_with_offset()?;
            if is_multiply_add(&operator) {
                ensure!(
                    operators.original_position() - place == LENGTH,
                    "{operator:?} is not {LENGTH} bytes long"
                );
                places.push(place);
            } else if format!("{operator:?}").contains("Relaxed") {
                bail!("{operator:?} has no replacement");
            }
        }
    }
    Ok(places)
}

fn is_multiply_add(operator: &Operator<'_>) -> bool {
    use Operator::{F32x4RelaxedMadd, F32x4RelaxedNmadd, F64x2RelaxedMadd, F64x2RelaxedNmadd};
    matches!(operator, F32x4RelaxedMadd | F32x4RelaxedNmadd | F64x2RelaxedMadd | F64x2RelaxedNmadd)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A function that gives `f32x4.relaxed_madd` of three vectors of noughts.
    const MODULE: [u8; 40] = [
        0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253, 15,
        65, 0, 253, 15, 65, 0, 253, 15, 253, 133, 2, 11,
    ];

    #[test]
    fn a_multiply_add_is_found() {
        assert_eq!(places(&MODULE).unwrap(), [36]);
        assert!(places(&MODULE[..38]).is_err());
    }

    #[test]
    fn other_relaxed_instructions_are_refused() {
        let mut swizzle = MODULE;
        swizzle[37] = 128;
        assert!(places(&swizzle).is_err());
    }
}
