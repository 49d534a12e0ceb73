//! The pickle machine: builds the objects of a pickle, and calls nothing.

use std::collections::HashMap;

use super::opcode::{Op, Reader};
use super::tensor::{Kind, Storage, Tensor};

/// An object of a [`Heap`].
pub(super) type Ref = usize;

/// What a pickle builds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Object {
    /// Number.
    Integer(i64),
    /// Text.
    Text(String),
    /// List, tuple or set.
    List(Vec<Ref>),
    /// Dictionary, ordered or not.
    Dictionary(Vec<(Ref, Ref)>),
    /// A name of a Python class or function.
    Global(String),
    /// A storage of the container.
    Storage(Storage),
    /// A view into one.
    Tensor(Tensor),
    /// Anything else.
    Opaque,
}

/// All objects of a pickle. References are indices, so that objects can be shared and filled later.
#[derive(Debug, Default)]
pub(super) struct Heap {
    objects: Vec<Object>,
    sizes: HashMap<String, usize>,
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
            Object::Text(key) => Some((key.as_str(), *value)),
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
            (Object::Text(tag), Object::Global(class), Object::Text(key)) if tag == "storage" => {
                let storage = Storage { kind: Kind::of_class(class), key: key.clone() };
                self.sizes.insert(storage.key.clone(), storage.kind.size());
                Some(storage)
            }
            _ => None,
        }
    }

    /// What calling `function` with `arguments` would have made.
    fn call(&self, function: Ref, arguments: Ref) -> Result<Object, String> {
        let Object::Global(name) = self.object(function) else { return Ok(Object::Opaque) };
        let arguments = self.list(arguments);
        match (name.as_str(), arguments) {
            (
                "torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor",
                [storage, offset, shape, strides, ..],
            ) => self
                .tensor([*storage, *offset, *shape, *strides])
                .map(Object::Tensor)
                .ok_or_else(|| "a tensor's description is broken".to_owned()),
            (
                "torch._utils._rebuild_parameter" | "torch._utils._rebuild_parameter_with_state",
                [data, ..],
            ) => Ok(self.object(*data).clone()),
            ("collections.OrderedDict", []) => Ok(Object::Dictionary(Vec::new())),
            _ => Ok(Object::Opaque),
        }
    }

    fn tensor(&self, [storage, offset, shape, strides]: [Ref; 4]) -> Option<Tensor> {
        let Object::Storage(storage) = self.object(storage) else { return None };
        let (shape, strides) = (self.naturals(shape)?, self.naturals(strides)?);
        let offset = self.natural(offset)?;
        (shape.len() == strides.len()).then(|| Tensor { storage: storage.clone(), offset, shape, strides })
    }
}

/// Builds the first pickle in `bytes`: its objects, the outermost one, and the pickle's length.
///
/// # Errors
/// In plain words, with the byte.
pub(super) fn unpickle(bytes: &[u8]) -> Result<(Heap, Ref, usize), String> {
    let mut machine = Machine::default();
    let mut reader = Reader::new(bytes);
    loop {
        let at = reader.position();
        let failed = |reason: String| format!("pickle byte {at}: {reason}");
        let op = reader.next().map_err(failed)?;
        if op == Op::Stop {
            let root = machine.pop().map_err(failed)?;
            return Ok((machine.heap, root, reader.position()));
        }
        machine.run(op).map_err(failed)?;
    }
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
            Op::Text(text) => self.push(Object::Text(text)),
            Op::Opaque => self.push(Object::Opaque),
            Op::Global(name) => self.push(Object::Global(name)),
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
                let object = self.heap.call(function, arguments)?;
                self.push(object);
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
        let name = format!("{module}.{name}");
        self.push(Object::Global(name));
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
