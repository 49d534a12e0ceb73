//! Where a module has instructions of relaxed SIMD.
//!
//! The module holds its loops twice: with relaxed SIMD, which not every browser has, and without. A browser without
//! it refuses such instructions even where they are never reached, so `www/src/relaxed-simd.js` writes others over them.

use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::Path;
use wasmparser::{Operator, Parser, Payload};

/// Bytes of each instruction: a prefix and a number of two bytes.
const LENGTH: usize = 3;

/// Writes a script with each such instruction of `module`: its distance from the one before and how many vectors it
/// takes. All give one.
pub fn list(module: &Path, script: &Path) -> Result<()> {
    let bytes = fs::read(module)?;
    let found = found(&bytes).with_context(|| format!("{} cannot be listed", module.display()))?;
    let before = std::iter::once(0).chain(found.iter().map(|(place, _)| *place));
    let steps: Vec<[usize; 2]> =
        found.iter().zip(before).map(|((place, operands), before)| [place - before, *operands]).collect();
    Ok(fs::write(script, format!("export default {steps:?};\n"))?)
}

/// Offset and number of operands of each instruction.
fn found(module: &[u8]) -> Result<Vec<(usize, usize)>> {
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        let Payload::CodeSectionEntry(body) = payload? else { continue };
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let (operator, place) = operators.read_with_offset()?;
            if let Some(operands) = relaxed(&operator) {
                ensure!(
                    operators.original_position() - place == LENGTH,
                    "{operator:?} is not {LENGTH} bytes long"
                );
                found.push((place, operands));
            } else if format!("{operator:?}").contains("Relaxed") {
                bail!("nothing is known to write over {operator:?}");
            }
        }
    }
    Ok(found)
}

/// How many vectors an instruction of relaxed SIMD takes.
fn relaxed(operator: &Operator<'_>) -> Option<usize> {
    use Operator::{
        F32x4RelaxedMadd, F32x4RelaxedMax, F32x4RelaxedMin, F32x4RelaxedNmadd, F64x2RelaxedMadd,
        F64x2RelaxedMax, F64x2RelaxedMin, F64x2RelaxedNmadd,
    };
    match operator {
        F32x4RelaxedMadd | F32x4RelaxedNmadd | F64x2RelaxedMadd | F64x2RelaxedNmadd => Some(3),
        F32x4RelaxedMin | F32x4RelaxedMax | F64x2RelaxedMin | F64x2RelaxedMax => Some(2),
        _ => None,
    }
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
        assert_eq!(found(&MODULE).unwrap(), [(36, 3)]);
        assert!(found(&MODULE[..38]).is_err());
    }

    #[test]
    fn other_relaxed_instructions_are_refused() {
        let mut swizzle = MODULE;
        swizzle[37] = 128;
        assert!(found(&swizzle).is_err());
    }
}
