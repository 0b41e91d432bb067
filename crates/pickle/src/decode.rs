//! The machine that executes pickles.

mod arena;
mod input;
pub(crate) mod opcode;

use std::sync::Arc;

use bytes::Bytes;
use num_bigint::BigInt;

use arena::{Arena, Call, Item, Node};
use input::Input;
use opcode as op;

use crate::error::DecodeError;
use crate::value::{Global, Value};

/// How deep values may be nested.
pub const MAX_DEPTH: usize = 100;

/// Longest integer, in bytes. Python itself refuses to print longer ones.
const MAX_INTEGER: usize = 1 << 10;

/// Decodes one pickle.
///
/// Bytes behind the end of the pickle are ignored, as Python does.
///
/// # Errors
/// If the pickle is incomplete, uses an opcode that Python does not write in the protocols 3 to 5, or exceeds a
/// bound.
pub fn decode(pickle: &Bytes) -> Result<Value, DecodeError> {
    let mut machine = Machine {
        input: Input::new(pickle),
        stack: Vec::with_capacity(16),
        marks: Vec::new(),
        memo: Vec::with_capacity(16),
        arena: Arena::new(pickle.len()),
    };
    loop {
        let opcode = machine.input.opcode()?;
        if opcode == op::STOP {
            let item = machine.pop()?;
            return machine.arena.finish(item);
        }
        machine.execute(opcode)?;
    }
}

struct Machine<'a> {
    input: Input<'a>,
    stack: Vec<Item>,
    /// Heights of the stack where there are marks.
    marks: Vec<usize>,
    memo: Vec<Item>,
    arena: Arena,
}

impl Machine<'_> {
    fn execute(&mut self, opcode: u8) -> Result<(), DecodeError> {
        match opcode {
            op::PROTO => {
                self.input.u8()?;
            }
            // Frames are for unpicklers that read from files.
            op::FRAME => {
                self.input.u64()?;
            }
            op::MARK => self.marks.push(self.stack.len()),
            op::POP => {
                self.pop()?;
            }
            op::MEMOIZE => {
                let top = self.top()?.clone();
                self.memo.push(top);
            }
            op::BINPUT => {
                let index = self.input.u8()?;
                self.put(index.into())?;
            }
            op::LONG_BINPUT => {
                let index = self.input.u32()?;
                self.put(index)?;
            }
            op::APPEND | op::APPENDS | op::ADDITEMS | op::SETITEM | op::SETITEMS | op::BUILD => {
                self.change(opcode)?;
            }
            _ => {
                let item = self.create(opcode)?;
                self.stack.push(item);
            }
        }
        Ok(())
    }

    /// Executes an opcode that pushes a value.
    fn create(&mut self, opcode: u8) -> Result<Item, DecodeError> {
        let input = &mut self.input;
        let value = match opcode {
            op::NONE => Value::None,
            op::NEWTRUE => Value::Bool(true),
            op::NEWFALSE => Value::Bool(false),
            op::BININT1 => Value::Int(input.u8()?.into()),
            op::BININT2 => Value::Int(input.u16()?.into()),
            op::BININT => Value::Int(i32::from_le_bytes(input.array()?).into()),
            op::LONG1 => {
                let length = input.u8()?;
                self.integer(length.into())?
            }
            op::LONG4 => {
                let length = input.u32()?;
                self.integer(length.into())?
            }
            op::BINFLOAT => Value::Float(f64::from_be_bytes(input.array()?)),
            op::SHORT_BINUNICODE => {
                let length = input.u8()?;
                Value::Text(input.text(length.into())?)
            }
            op::BINUNICODE => {
                let length = input.u32()?;
                Value::Text(input.text(length.into())?)
            }
            op::BINUNICODE8 => {
                let length = input.u64()?;
                Value::Text(input.text(length)?)
            }
            op::SHORT_BINBYTES => {
                let length = input.u8()?;
                Value::Bytes(input.bytes(length.into())?)
            }
            op::BINBYTES => {
                let length = input.u32()?;
                Value::Bytes(input.bytes(length.into())?)
            }
            op::BINBYTES8 | op::BYTEARRAY8 => {
                let length = input.u64()?;
                Value::Bytes(input.bytes(length)?)
            }
            op::GLOBAL => {
                let (module, name) = (input.line()?, input.line()?);
                Value::Global(Arc::new(Global { module, name }))
            }
            op::STACK_GLOBAL => self.stack_global()?,
            _ => return self.create_node(opcode),
        };
        Ok(Item::Leaf(value))
    }

    /// Executes an opcode that pushes a value which holds others, or one of the memo.
    fn create_node(&mut self, opcode: u8) -> Result<Item, DecodeError> {
        let node = match opcode {
            op::BINGET => {
                let index = self.input.u8()?;
                return self.get(index.into());
            }
            op::LONG_BINGET => {
                let index = self.input.u32()?;
                return self.get(index);
            }
            op::EMPTY_LIST => Node::List(Vec::new()),
            op::EMPTY_DICT => Node::Dict(Vec::new()),
            op::EMPTY_SET => Node::Set(Vec::new()),
            op::EMPTY_TUPLE => Node::Tuple(Vec::new()),
            op::TUPLE1 => Node::Tuple(self.pop_items(1)?),
            op::TUPLE2 => Node::Tuple(self.pop_items(2)?),
            op::TUPLE3 => Node::Tuple(self.pop_items(3)?),
            op::TUPLE => Node::Tuple(self.pop_mark()?),
            op::FROZENSET => Node::Set(self.pop_mark()?),
            op::REDUCE | op::NEWOBJ => {
                let arguments = self.pop()?;
                self.call(arguments, None)?
            }
            op::NEWOBJ_EX => {
                let keywords = self.pop()?;
                let arguments = self.pop()?;
                self.call(arguments, Some(keywords))?
            }
            _ => return Err(self.input.unknown(opcode)),
        };
        Ok(self.arena.add(node))
    }

    /// Executes an opcode that changes the value below its arguments.
    fn change(&mut self, opcode: u8) -> Result<(), DecodeError> {
        let mut items = match opcode {
            op::APPEND | op::BUILD => self.pop_items(1)?,
            op::SETITEM => self.pop_items(2)?,
            _ => self.pop_mark()?,
        };
        let target = self.top()?.clone();
        let node = self.arena.node(&target);
        match (opcode, node) {
            (op::ADDITEMS, Some(Node::Set(values)))
            | (op::APPEND | op::APPENDS, Some(Node::List(values))) => values.append(&mut items),
            (op::APPEND | op::APPENDS, Some(Node::Object(call))) => {
                call.list_items.append(&mut items);
            }
            (op::SETITEM | op::SETITEMS, Some(Node::Dict(pairs))) if items.len() % 2 == 0 => {
                extend(pairs, items);
            }
            (op::SETITEM | op::SETITEMS, Some(Node::Object(call))) if items.len() % 2 == 0 => {
                extend(&mut call.dict_items, items);
            }
            (op::BUILD, Some(Node::Object(call))) => call.state = items.pop(),
            _ => return Err(self.input.invalid("does not fit the value that it changes")),
        }
        Ok(())
    }

    fn call(&mut self, arguments: Item, keywords: Option<Item>) -> Result<Node, DecodeError> {
        let callable = self.pop()?;
        if !matches!(self.arena.node(&arguments), Some(Node::Tuple(_))) {
            return Err(self.input.invalid("calls with something else than a tuple"));
        }
        if let Some(keywords) = &keywords
            && !matches!(self.arena.node(keywords), Some(Node::Dict(_)))
        {
            return Err(self
                .input
                .invalid("calls with keywords that are no dictionary"));
        }
        Ok(Node::Object(Box::new(Call {
            callable,
            arguments,
            keywords,
            state: None,
            list_items: Vec::new(),
            dict_items: Vec::new(),
        })))
    }

    fn stack_global(&mut self) -> Result<Value, DecodeError> {
        match (self.pop()?, self.pop()?) {
            (Item::Leaf(Value::Text(name)), Item::Leaf(Value::Text(module))) => {
                Ok(Value::Global(Arc::new(Global { module, name })))
            }
            _ => Err(self
                .input
                .invalid("names a class by something else than texts")),
        }
    }

    fn integer(&mut self, length: u64) -> Result<Value, DecodeError> {
        let bytes = self.input.bytes(length)?;
        if bytes.len() > MAX_INTEGER {
            return Err(self.input.invalid("has an integer that is too long"));
        }
        let integer = BigInt::from_signed_bytes_le(&bytes);
        Ok(match i64::try_from(&integer) {
            Ok(integer) => Value::Int(integer),
            Err(_) => Value::BigInt(integer),
        })
    }

    /// Returns how many items are at the bottom of the stack, out of reach below the last mark.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Result<Item, DecodeError> {
        if self.stack.len() <= self.floor() {
            return Err(self.underflow());
        }
        self.stack.pop().ok_or(self.underflow())
    }

    fn pop_items(&mut self, count: usize) -> Result<Vec<Item>, DecodeError> {
        match self.stack.len().checked_sub(count) {
            Some(start) if start >= self.floor() => Ok(self.stack.split_off(start)),
            _ => Err(self.underflow()),
        }
    }

    fn pop_mark(&mut self) -> Result<Vec<Item>, DecodeError> {
        match self.marks.pop() {
            Some(start) => Ok(self.stack.split_off(start)),
            None => Err(self.input.invalid("needs a mark, and there is none")),
        }
    }

    fn top(&self) -> Result<&Item, DecodeError> {
        let reachable = self.stack.get(self.floor()..);
        let top = reachable.and_then(<[Item]>::last);
        top.ok_or_else(|| self.underflow())
    }

    fn underflow(&self) -> DecodeError {
        self.input.invalid("needs more values than there are")
    }

    fn get(&self, index: u32) -> Result<Item, DecodeError> {
        let item = self.memo.get(index as usize);
        item.cloned()
            .ok_or_else(|| self.input.invalid("refers to a value that was not stored"))
    }

    /// Stores the top. Python counts the indices up, so that gaps, which would cost memory, are refused.
    fn put(&mut self, index: u32) -> Result<(), DecodeError> {
        let top = self.top()?.clone();
        let index = index as usize;
        if index == self.memo.len() {
            self.memo.push(top);
        } else {
            let place = self.memo.get_mut(index);
            *place.ok_or_else(|| self.input.invalid("stores a value behind a gap"))? = top;
        }
        Ok(())
    }
}

fn extend(pairs: &mut Vec<(Item, Item)>, items: Vec<Item>) {
    let mut items = items.into_iter();
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        pairs.push((key, value));
    }
}
