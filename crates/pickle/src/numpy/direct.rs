//! Reads the two pickles in which numpy 1 and 2 write all data, in the protocols 3 and 4, without a machine.
//!
//! BLISS publishes a pickle for each point, whose value is one scalar or one array. The opcodes around
//! the bytes are always the same, so that they are compared instead of executed. Whatever differs
//! is left to the machine.

use bytes::Bytes;

use super::array::Array;
use super::dtype::{Dtype, order_of};
use super::is_multiarray;
use crate::decode::opcode as op;

/// Texts that can be referred to; the texts of the two forms are among the first ones that are stored.
const STORED: usize = 16;

/// Returns the array, or `None` if the pickle has another form or is not valid.
pub(super) fn array(pickle: &Bytes) -> Option<Array> {
    let mut reader = Reader {
        pickle,
        at: 0,
        stored: 0,
        texts: [&[]; STORED],
    };
    if !(reader.is(op::PROTO) && reader.take(1).is_some()) {
        return None;
    }
    let (module, name) = reader.global()?;
    if !is_multiarray(module) {
        return None;
    }
    match name {
        b"scalar" => {
            let dtype = reader.dtype()?;
            let data = reader.bytes()?;
            reader.expect(&[op::TUPLE2, op::REDUCE, op::STOP])?;
            Array::new(dtype, Vec::new(), pickle.slice_ref(data)).ok()
        }
        b"_reconstruct" => {
            if reader.global()? != (b"numpy".as_slice(), b"ndarray".as_slice()) {
                return None;
            }
            // The shape and the type of an array that is filled afterwards.
            reader.integer()?;
            reader.expect(&[op::TUPLE1])?;
            if reader.bytes()? != b"b" {
                return None;
            }
            reader.expect(&[op::TUPLE3, op::REDUCE, op::MARK])?;
            if reader.integer()? != 1 {
                return None;
            }
            let shape = reader.shape()?;
            let dtype = reader.dtype()?;
            // The order of C.
            reader.expect(&[op::NEWFALSE])?;
            let data = reader.bytes()?;
            reader.expect(&[op::TUPLE, op::BUILD, op::STOP])?;
            Array::new(dtype, shape, pickle.slice_ref(data)).ok()
        }
        _ => None,
    }
}

/// A position in a pickle. Each method returns `None` if there is something else at the position.
struct Reader<'a> {
    pickle: &'a [u8],
    at: usize,
    /// Values that MEMOIZE has stored.
    stored: usize,
    /// The texts among them.
    texts: [&'a [u8]; STORED],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.pickle.get(self.at..)?.get(..length)?;
        self.at += length;
        Some(taken)
    }

    fn take_array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// Returns the next opcode. Those for frames and for the memo are no part of the forms.
    fn opcode(&mut self) -> Option<u8> {
        loop {
            let opcode = self.take(1)?[0];
            match opcode {
                op::MEMOIZE => self.stored += 1,
                op::FRAME => _ = self.take(8)?,
                op::BINPUT => {
                    let index = usize::from(self.take(1)?[0]);
                    // Protocol 3 counts itself.
                    if index != self.stored {
                        return None;
                    }
                    self.stored += 1;
                }
                _ => return Some(opcode),
            }
        }
    }

    /// Takes an opcode if it is this one.
    fn is(&mut self, expected: u8) -> bool {
        self.opcode() == Some(expected)
    }

    fn expect(&mut self, opcodes: &[u8]) -> Option<()> {
        opcodes.iter().all(|opcode| self.is(*opcode)).then_some(())
    }

    fn integer(&mut self) -> Option<u64> {
        let opcode = self.opcode()?;
        self.integer_of(opcode)
    }

    fn integer_of(&mut self, opcode: u8) -> Option<u64> {
        match opcode {
            op::BININT1 => Some(self.take(1)?[0].into()),
            op::BININT2 => Some(u16::from_le_bytes(self.take_array()?).into()),
            op::BININT => u64::try_from(i32::from_le_bytes(self.take_array()?)).ok(),
            _ => None,
        }
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = match self.opcode()? {
            op::SHORT_BINBYTES => self.take(1)?[0].into(),
            op::BINBYTES => u32::from_le_bytes(self.take_array()?) as usize,
            op::BINBYTES8 => u64::from_le_bytes(self.take_array()?).try_into().ok()?,
            _ => return None,
        };
        self.take(length)
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let opcode = self.opcode()?;
        self.text_of(opcode)
    }

    fn text_of(&mut self, opcode: u8) -> Option<&'a [u8]> {
        let length = match opcode {
            op::SHORT_BINUNICODE => self.take(1)?[0].into(),
            op::BINUNICODE => u32::from_le_bytes(self.take_array()?) as usize,
            // Only texts are referred to: other places are empty.
            op::BINGET => {
                let index = usize::from(self.take(1)?[0]);
                let text = *self.texts.get(index)?;
                return (!text.is_empty()).then_some(text);
            }
            _ => return None,
        };
        let text = self.take(length)?;
        if let Some(&(op::MEMOIZE | op::BINPUT)) = self.pickle.get(self.at)
            && let Some(place) = self.texts.get_mut(self.stored)
        {
            *place = text;
        }
        Some(text)
    }

    /// Takes the module and the name of a class or function.
    fn global(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let opcode = self.opcode()?;
        if opcode == op::GLOBAL {
            return Some((self.line()?, self.line()?));
        }
        let module = self.text_of(opcode)?;
        let name = self.text()?;
        self.expect(&[op::STACK_GLOBAL])?;
        Some((module, name))
    }

    fn line(&mut self) -> Option<&'a [u8]> {
        let rest = self.pickle.get(self.at..)?;
        let length = rest.iter().position(|byte| *byte == b'\n')?;
        self.at += length + 1;
        Some(&rest[..length])
    }

    fn shape(&mut self) -> Option<Vec<u64>> {
        let mut opcode = self.opcode()?;
        let has_mark = opcode == op::MARK;
        if has_mark {
            opcode = self.opcode()?;
        }
        let mut shape = Vec::new();
        loop {
            match opcode {
                op::EMPTY_TUPLE if !has_mark && shape.is_empty() => return Some(shape),
                op::TUPLE if has_mark => return Some(shape),
                op::TUPLE1 if !has_mark && shape.len() == 1 => return Some(shape),
                op::TUPLE2 if !has_mark && shape.len() == 2 => return Some(shape),
                op::TUPLE3 if !has_mark && shape.len() == 3 => return Some(shape),
                _ => shape.push(self.integer_of(opcode)?),
            }
            opcode = self.opcode()?;
        }
    }

    fn dtype(&mut self) -> Option<Dtype> {
        if self.global()? != (b"numpy".as_slice(), b"dtype".as_slice()) {
            return None;
        }
        let code = self.text()?;
        // False and True, which older versions of numpy write as numbers.
        for _ in 0..2 {
            match self.opcode()? {
                op::NEWFALSE | op::NEWTRUE => {}
                op::BININT1 => _ = self.take(1)?,
                _ => return None,
            }
        }
        self.expect(&[op::TUPLE3, op::REDUCE, op::MARK])?;
        if self.integer()? != 3 {
            return None;
        }
        let order = order_of(self.text()?)?;
        self.expect(&[op::NONE, op::NONE, op::NONE])?;
        // Size, alignment and flags, which are -1, -1 and 0 for numbers.
        for _ in 0..3 {
            match self.opcode()? {
                op::BININT1 => self.take(1)?,
                op::BININT2 => self.take(2)?,
                op::BININT => self.take(4)?,
                _ => return None,
            };
        }
        self.expect(&[op::TUPLE, op::BUILD])?;
        Dtype::from_code(code, order)
    }
}
