//! The pickle machine: builds the objects of a pickle, and calls nothing.
//!
//! An instruction of a byte or two may refer to any object before it. Objects therefore hold references, never copies,
//! so that what a pickle takes is in proportion to its length and to its instructions, whose number is bounded: one of
//! a byte may take tens.

use std::collections::HashMap;
use std::rc::Rc;

use super::global::Global;
use super::opcode::{Op, Reader};
use super::tensor::{Storage, Tensor};

/// An object of a [`Heap`].
pub(super) type Ref = usize;

/// Axes of the tensor with the most; no parameter has as many.
const MAX_RANK: usize = 64;

/// Instructions of the longest pickle, each of which makes one object, reference or memo at most: those of a hundred
/// thousand tensors.
const MAX_INSTRUCTIONS: usize = 1 << 22;

/// What a pickle builds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Object {
    /// Number.
    Integer(i64),
    /// Text.
    Text(Rc<str>),
    /// List, tuple or set.
    List(Vec<Ref>),
    /// Dictionary, ordered or not.
    Dictionary(Vec<(Ref, Ref)>),
    /// A Python class or function.
    Global(Global),
    /// A storage of the container.
    Storage(Storage),
    /// A view into one: storage, offset, shape and strides.
    Tensor([Ref; 4]),
    /// Anything else.
    Opaque,
}

/// All objects of a pickle. References are indices, so that objects can be shared and filled later.
#[derive(Debug, Default)]
pub(super) struct Heap {
    objects: Vec<Object>,
    sizes: HashMap<Rc<str>, usize>,
}

impl Heap {
    pub(super) fn object(&self, at: Ref) -> &Object {
        &self.objects[at]
    }

    /// Entries of a dictionary whose keys are text.
    pub(super) fn items(&self, dictionary: Ref) -> impl Iterator<Item = (&str, Ref)> {
        let entries: &[(Ref, Ref)] = match self.object(dictionary) {
            Object::Dictionary(entries) => entries,
            _ => &[],
        };
        entries.iter().filter_map(|(key, value)| match self.object(*key) {
            Object::Text(key) => Some((&**key, *value)),
            _ => None,
        })
    }

    /// The dictionary's value for `key`.
    pub(super) fn get(&self, dictionary: Ref, key: &str) -> Option<Ref> {
        self.items(dictionary).find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// Bytes per element of a storage that a tensor views.
    pub(super) fn element_size(&self, key: &str) -> Option<usize> {
        self.sizes.get(key).copied()
    }

    fn add(&mut self, object: Object) -> Ref {
        self.objects.push(object);
        self.objects.len() - 1
    }

    fn list(&self, at: Ref) -> &[Ref] {
        match self.object(at) {
            Object::List(items) => items,
            _ => &[],
        }
    }

    fn natural(&self, at: Ref) -> Option<usize> {
        match self.object(at) {
            Object::Integer(n) => usize::try_from(*n).ok(),
            _ => None,
        }
    }

    fn naturals(&self, at: Ref) -> Option<Vec<usize>> {
        self.list(at).iter().map(|item| self.natural(*item)).collect()
    }

    /// The storage of a persistent id `("storage", class, key, device, length, …)`.
    fn storage(&mut self, id: Ref) -> Option<Storage> {
        let &[tag, class, key, ..] = self.list(id) else { return None };
        match (self.object(tag), self.object(class), self.object(key)) {
            (Object::Text(tag), Object::Global(Global::Class(kind)), Object::Text(key))
                if &**tag == "storage" =>
            {
                let storage = Storage { kind: *kind, key: key.clone() };
                self.sizes.insert(storage.key.clone(), storage.kind.size());
                Some(storage)
            }
            _ => None,
        }
    }

    /// What calling `function` with `arguments` would have made.
    fn call(&mut self, function: Ref, arguments: Ref) -> Ref {
        let Object::Global(function) = self.object(function) else { return self.add(Object::Opaque) };
        let object = match (function, self.list(arguments)) {
            (Global::RebuildParameter, [data, ..]) => return *data,
            (Global::RebuildTensor, [storage, offset, shape, strides, ..]) => {
                Object::Tensor([*storage, *offset, *shape, *strides])
            }
            (Global::OrderedDict, []) => Object::Dictionary(Vec::new()),
            _ => Object::Opaque,
        };
        self.add(object)
    }

    /// The tensor of these parts, if they describe one.
    pub(super) fn tensor(&self, [storage, offset, shape, strides]: [Ref; 4]) -> Option<Tensor> {
        let Object::Storage(storage) = self.object(storage) else { return None };
        if self.list(shape).len() > MAX_RANK || self.list(shape).len() != self.list(strides).len() {
            return None;
        }
        let (shape, strides) = (self.naturals(shape)?, self.naturals(strides)?);
        Some(Tensor { storage: storage.clone(), offset: self.natural(offset)?, shape, strides })
    }
}

/// Builds the first pickle in `bytes`: its objects, the outermost one, and the pickle's length.
///
/// # Errors
/// In plain words, with the byte.
pub(super) fn unpickle(bytes: &[u8]) -> Result<(Heap, Ref, usize), String> {
    let mut machine = Machine::default();
    let mut reader = Reader::new(bytes);
    for _ in 0..MAX_INSTRUCTIONS {
        let at = reader.position();
        let failed = |reason: String| format!("pickle byte {at}: {reason}");
        let op = reader.next().map_err(failed)?;
        if op == Op::Stop {
            let root = machine.pop().map_err(failed)?;
            return Ok((machine.heap, root, reader.position()));
        }
        machine.run(op).map_err(failed)?;
    }
    let at = reader.position();
    Err(format!(
        "pickle byte {at}: it goes on after {MAX_INSTRUCTIONS} instructions, more than weights alone need; save the \
         `state_dict` by itself"
    ))
}

#[derive(Default)]
struct Machine {
    heap: Heap,
    stack: Vec<Ref>,
    marks: Vec<usize>,
    memo: HashMap<usize, Ref>,
}

impl Machine {
    fn run(&mut self, op: Op) -> Result<(), String> {
        match op {
            Op::Skip | Op::Stop => {}
            Op::Integer(n) => self.push(Object::Integer(n)),
            Op::Text(text) => self.push(Object::Text(text.into())),
            Op::Opaque => self.push(Object::Opaque),
            Op::Global { module, name } => self.push(Object::Global(Global::named(&module, &name))),
            Op::StackGlobal => self.stack_global()?,
            Op::EmptyList => self.push(Object::List(Vec::new())),
            Op::EmptyDictionary => self.push(Object::Dictionary(Vec::new())),
            Op::Tuple(n) => {
                let items = self.take(n)?;
                self.push(Object::List(items));
            }
            Op::Mark => self.marks.push(self.stack.len()),
            Op::PopMark => drop(self.take_marked()?),
            Op::Pop => drop(self.pop()?),
            Op::Duplicate => self.stack.push(self.top()?),
            Op::ListToMark => {
                let items = self.take_marked()?;
                self.push(Object::List(items));
            }
            Op::DictionaryToMark => {
                let items = self.take_marked()?;
                self.push(Object::Dictionary(pairs(&items)?));
            }
            Op::Append => {
                let items = self.take(1)?;
                self.extend(&items)?;
            }
            Op::Appends => {
                let items = self.take_marked()?;
                self.extend(&items)?;
            }
            Op::SetItem => {
                let items = self.take(2)?;
                self.set(&items)?;
            }
            Op::SetItems => {
                let items = self.take_marked()?;
                self.set(&items)?;
            }
            Op::Put(key) => drop(self.memo.insert(key, self.top()?)),
            Op::Memoize => drop(self.memo.insert(self.memo.len(), self.top()?)),
            Op::Get(key) => {
                let object = self.memo.get(&key).ok_or_else(|| format!("memo {key} is empty"))?;
                self.stack.push(*object);
            }
            Op::PersistentId => {
                let id = self.pop()?;
                let storage = self.heap.storage(id).ok_or("a reference to something else than a storage")?;
                self.push(Object::Storage(storage));
            }
            Op::Reduce => {
                let arguments = self.pop()?;
                let function = self.pop()?;
                let made = self.heap.call(function, arguments);
                self.stack.push(made);
            }
            // An object's state is of no interest: a dictionary's is its version.
            Op::Build => drop(self.pop()?),
        }
        Ok(())
    }

    fn push(&mut self, object: Object) {
        let at = self.heap.add(object);
        self.stack.push(at);
    }

    fn pop(&mut self) -> Result<Ref, String> {
        self.stack.pop().ok_or_else(|| "the stack is empty".to_owned())
    }

    fn top(&self) -> Result<Ref, String> {
        self.stack.last().copied().ok_or_else(|| "the stack is empty".to_owned())
    }

    fn take(&mut self, count: usize) -> Result<Vec<Ref>, String> {
        let from = self.stack.len().checked_sub(count).ok_or("the stack is too short")?;
        Ok(self.stack.split_off(from))
    }

    fn take_marked(&mut self) -> Result<Vec<Ref>, String> {
        let mark = self.marks.pop().ok_or("there is no mark")?;
        if mark > self.stack.len() {
            return Err("the mark is gone".to_owned());
        }
        Ok(self.stack.split_off(mark))
    }

    fn stack_global(&mut self) -> Result<(), String> {
        let names = self.take(2)?;
        let [Object::Text(module), Object::Text(name)] =
            [self.heap.object(names[0]), self.heap.object(names[1])]
        else {
            return Err("a name is not text".to_owned());
        };
        let global = Global::named(module, name);
        self.push(Object::Global(global));
        Ok(())
    }

    fn extend(&mut self, items: &[Ref]) -> Result<(), String> {
        let list = self.top()?;
        if let Object::List(list) = &mut self.heap.objects[list] {
            list.extend_from_slice(items);
        }
        Ok(())
    }

    fn set(&mut self, items: &[Ref]) -> Result<(), String> {
        let dictionary = self.top()?;
        if let Object::Dictionary(entries) = &mut self.heap.objects[dictionary] {
            entries.extend(pairs(items)?);
        }
        Ok(())
    }
}

fn pairs(items: &[Ref]) -> Result<Vec<(Ref, Ref)>, String> {
    let (pairs, []) = items.as_chunks::<2>() else {
        return Err("a key has no value".to_owned());
    };
    Ok(pairs.iter().map(|[key, value]| (*key, *value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that a heap takes.
    fn held(heap: &Heap) -> usize {
        let inside = |object: &Object| match object {
            Object::Text(text) => text.len(),
            Object::List(items) => size_of_val(&items[..]),
            Object::Dictionary(entries) => size_of_val(&entries[..]),
            _ => 0,
        };
        heap.objects.iter().map(|object| size_of::<Object>() + inside(object)).sum()
    }

    /// A pickle that calls the function of memo 1 with the arguments of memo 2 so many times.
    fn calling(function: &str, arguments: &[u8], times: usize) -> Vec<u8> {
        let start = [&b"\x80\x02c"[..], function.as_bytes(), b"\nq\x01", arguments, b"q\x02"].concat();
        [&start[..], &b"h\x01h\x02R0".repeat(times), b"."].concat()
    }

    fn text(length: usize) -> Vec<u8> {
        [&b"X"[..], &(length as u32).to_le_bytes(), &vec![b'a'; length]].concat()
    }

    #[test]
    fn what_a_pickle_builds_is_in_proportion_to_its_length() {
        let shape = [&b"("[..], &b"K\x01".repeat(20_000), b"tq\x04"].concat();
        let storage = [&b"(X\x07\0\0\0storagectorch\nFloatStorage\n"[..], &text(4000), b"tQ"].concat();
        let tensor = [&b"("[..], &storage, b"K\x00", &shape, b"h\x04t"].concat();
        let names = [&text(4000)[..], b"q\x01", &text(4000), b"q\x02"].concat();
        let pickles = [
            calling("torch._utils\n_rebuild_parameter", &[&text(1 << 16)[..], b"\x85"].concat(), 5000),
            calling("torch._utils\n_rebuild_parameter", &[&shape[..], b"\x85"].concat(), 5000),
            calling("torch._utils\n_rebuild_tensor_v2", &tensor, 5000),
            [&b"\x80\x04"[..], &names, &b"h\x01h\x02\x930".repeat(5000), b"N."].concat(),
        ];
        for (case, pickle) in pickles.iter().enumerate() {
            let (heap, ..) = unpickle(pickle).unwrap();
            let (takes, most) = (held(&heap), size_of::<Object>() * pickle.len());
            assert!(takes <= most, "{case}: {takes} bytes for {}", pickle.len());
        }
    }

    #[test]
    fn a_pickle_of_too_many_instructions_is_refused() {
        let pickle = |op: &[u8], times| [&b"\x80\x02N"[..], &op.repeat(times), b"0N."].concat();
        // Lists, marks, memos, copies of a reference, and items of one list.
        for op in [&b"]"[..], b"(", b"\x94", b"2"] {
            assert!(unpickle(&pickle(op, MAX_INSTRUCTIONS - 5)).is_ok(), "{op:?}");
            let refused = unpickle(&pickle(op, MAX_INSTRUCTIONS - 4)).unwrap_err();
            assert!(refused.contains("goes on after 4194304 instructions"), "{refused}");
        }
    }

    #[test]
    fn a_parameter_is_the_tensor_that_it_wraps() {
        let pickle = calling("torch._utils\n_rebuild_parameter", b"K\x07q\x03\x85", 1);
        let pickle = [&pickle[..pickle.len() - 2], b"h\x03\x86."].concat();
        let (heap, root, _) = unpickle(&pickle).unwrap();
        let [parameter, wrapped] = heap.list(root) else { panic!("{:?}", heap.object(root)) };
        assert_eq!(parameter, wrapped);
    }

    #[test]
    fn a_tensor_of_too_many_axes_is_none() {
        let mut heap = Heap::default();
        let storage = Storage { kind: super::super::tensor::Kind::F32, key: "0".into() };
        let storage = heap.add(Object::Storage(storage));
        let one = heap.add(Object::Integer(1));
        for (rank, is_one) in [(MAX_RANK, true), (MAX_RANK + 1, false)] {
            let axes = heap.add(Object::List(vec![one; rank]));
            assert_eq!(heap.tensor([storage, one, axes, axes]).is_some(), is_one, "{rank}");
        }
    }
}
