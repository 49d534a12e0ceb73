//! The instructions of Python's pickle format, protocols 2 to 5, as far as `torch.save` writes them.

/// Bytes of the longest text that is kept. Keys of tensors and storages are shorter; as a longer one can be referred
/// to from anywhere in a file, a small file could ask for much work.
const MAX_TEXT: usize = 4096;

/// One instruction with its argument.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Op {
    /// Frames and protocol numbers.
    Skip,
    Stop,
    Integer(i64),
    Text(String),
    /// Pushes something that no weight needs: floats, bytes, long texts, `None`, truth values.
    Opaque,
    /// Pushes the `name` of a `module`.
    Global {
        module: String,
        name: String,
    },
    StackGlobal,
    EmptyList,
    EmptyDictionary,
    /// A tuple of this many items.
    Tuple(usize),
    Mark,
    PopMark,
    Pop,
    Duplicate,
    ListToMark,
    DictionaryToMark,
    Append,
    Appends,
    SetItem,
    SetItems,
    Put(usize),
    Memoize,
    Get(usize),
    PersistentId,
    Reduce,
    Build,
}

/// Reads instructions off bytes.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The next instruction.
    pub(super) fn next(&mut self) -> Result<Op, String> {
        let code = self.array::<1>()?[0];
        Ok(match code {
            0x80 => self.skip(1, Op::Skip)?,
            0x95 => self.skip(8, Op::Skip)?,
            b'.' => Op::Stop,
            b'N' | 0x88 | 0x89 => Op::Opaque,
            b'G' => self.skip(8, Op::Opaque)?,
            b'J' => Op::Integer(i32::from_le_bytes(self.array()?).into()),
            b'K' => Op::Integer(self.array::<1>()?[0].into()),
            b'M' => Op::Integer(u16::from_le_bytes(self.array()?).into()),
            0x8a => {
                let length = self.array::<1>()?[0].into();
                self.long(length)?
            }
            b'U' | 0x8c => self.text::<1>()?,
            b'X' | b'T' => self.text::<4>()?,
            0x8d => self.text::<8>()?,
            b'C' => self.opaque::<1>()?,
            b'B' => self.opaque::<4>()?,
            0x8e | 0x96 => self.opaque::<8>()?,
            b'c' => Op::Global { module: self.line()?, name: self.line()? },
            0x93 => Op::StackGlobal,
            b']' | 0x8f => Op::EmptyList,
            b'}' => Op::EmptyDictionary,
            b')' => Op::Tuple(0),
            0x85 => Op::Tuple(1),
            0x86 => Op::Tuple(2),
            0x87 => Op::Tuple(3),
            b'(' => Op::Mark,
            b'1' => Op::PopMark,
            b'0' => Op::Pop,
            b'2' => Op::Duplicate,
            b'l' | b't' | 0x91 => Op::ListToMark,
            b'd' => Op::DictionaryToMark,
            b'a' => Op::Append,
            b'e' | 0x90 => Op::Appends,
            b's' => Op::SetItem,
            b'u' => Op::SetItems,
            b'q' => Op::Put(self.array::<1>()?[0].into()),
            b'r' => Op::Put(self.length::<4>()?),
            0x94 => Op::Memoize,
            b'h' => Op::Get(self.array::<1>()?[0].into()),
            b'j' => Op::Get(self.length::<4>()?),
            b'Q' => Op::PersistentId,
            b'R' | 0x81 => Op::Reduce,
            b'b' => Op::Build,
            other => return Err(format!("instruction {other:#04x} is not one of `torch.save`")),
        })
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or("the pickle is cut off")?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.take(N)?.try_into().map_err(|_| "the pickle is cut off".to_owned())
    }

    fn skip(&mut self, count: usize, op: Op) -> Result<Op, String> {
        self.take(count).map(|_| op)
    }

    /// An unsigned length of `N` bytes.
    fn length<const N: usize>(&mut self) -> Result<usize, String> {
        let value = self.array::<N>()?.iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        usize::try_from(value).map_err(|_| "a length is too large".to_owned())
    }

    fn text<const N: usize>(&mut self) -> Result<Op, String> {
        let length = self.length::<N>()?;
        let text = self.take(length)?;
        if text.len() > MAX_TEXT {
            return Ok(Op::Opaque);
        }
        Ok(Op::Text(String::from_utf8_lossy(text).into_owned()))
    }

    fn opaque<const N: usize>(&mut self) -> Result<Op, String> {
        let length = self.length::<N>()?;
        self.skip(length, Op::Opaque)
    }

    /// A signed little-endian number of any length; wider ones than 64 bits are of no use here.
    fn long(&mut self, length: usize) -> Result<Op, String> {
        let bytes = self.take(length)?;
        if bytes.len() > 8 {
            return Ok(Op::Opaque);
        }
        let negative = bytes.last().is_some_and(|last| *last >= 0x80);
        let mut wide = [if negative { 0xff } else { 0 }; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        Ok(Op::Integer(i64::from_le_bytes(wide)))
    }

    fn line(&mut self) -> Result<String, String> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| *byte == b'\n').ok_or("a name is cut off")?;
        let line = String::from_utf8_lossy(&rest[..length]).into_owned();
        self.at += length + 1;
        Ok(line)
    }
}
