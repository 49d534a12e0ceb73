//! What stands in for a module's instructions of relaxed SIMD in a browser that has none.
//!
//! The module holds its loops twice: with relaxed SIMD, and without. A browser that does not know such instructions
//! refuses them even where they are never reached, so `www/src/relaxed-simd.js` writes others over them.

use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::Path;
use wasmparser::{Operator, Parser, Payload};

/// First byte of all instructions on vectors; to name each of the others, too, would take seconds.
const SIMD: u8 = 0xfd;

/// The bytes of an instruction: a prefix and a number of two bytes.
type Bytes = [u8; 3];

/// Writes a script with each such instruction of `module`: its distance from the one before, and the bytes to write
/// over it.
pub fn list(module: &Path, script: &Path) -> Result<()> {
    let bytes = fs::read(module)?;
    let found = found(&bytes).with_context(|| format!("{} cannot be listed", module.display()))?;
    let before = std::iter::once(0).chain(found.iter().map(|(place, _)| *place));
    let each = found.iter().zip(before);
    let steps: Vec<[usize; 4]> = each
        .map(|((place, [a, b, c]), before)| [place - before, (*a).into(), (*b).into(), (*c).into()])
        .collect();
    Ok(fs::write(script, format!("export default {steps:?};\n"))?)
}

/// Offset of each instruction and its replacement.
fn found(module: &[u8]) -> Result<Vec<(usize, Bytes)>> {
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        let Payload::CodeSectionEntry(body) = payload? else { continue };
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let (operator, place) = operators.read_with_offset()?;
            if let Some(other) = other(&operator) {
                ensure!(
                    operators.original_position() - place == other.len(),
                    "{operator:?} has another length"
                );
                found.push((place, other));
            } else if module[place] == SIMD && format!("{operator:?}").contains("Relaxed") {
                bail!("nothing is known to write over {operator:?}");
            }
        }
    }
    Ok(found)
}

/// What stands in for an instruction. Minima and maxima may be reached: LLVM chooses the relaxed ones in all of a module
/// that has any. Products are added by loops alone that are never reached; `drop` and `v128.xor` keep them valid.
fn other(operator: &Operator<'_>) -> Option<Bytes> {
    match operator {
        Operator::F32x4RelaxedMin => Some([0xfd, 0xe8, 0x01]),
        Operator::F32x4RelaxedMax => Some([0xfd, 0xe9, 0x01]),
        Operator::F64x2RelaxedMin => Some([0xfd, 0xf4, 0x01]),
        Operator::F64x2RelaxedMax => Some([0xfd, 0xf5, 0x01]),
        Operator::F32x4RelaxedMadd
        | Operator::F32x4RelaxedNmadd
        | Operator::F64x2RelaxedMadd
        | Operator::F64x2RelaxedNmadd => Some([0x1a, 0xfd, 0x51]),
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
        assert_eq!(found(&MODULE).unwrap(), [(36, [0x1a, 0xfd, 0x51])]);
        assert!(found(&MODULE[..38]).is_err());
    }

    #[test]
    fn other_relaxed_instructions_are_refused() {
        let mut swizzle = MODULE;
        swizzle[37] = 128;
        assert!(found(&swizzle).is_err());
    }
}
