//! The opcodes of values.

use std::collections::HashMap;

use bytes::Bytes;
use num_bigint::BigInt;

use super::Protocol;
use crate::decode::opcode as op;
use crate::dict::Dict;
use crate::value::{Global, Object, Value};

/// Length from which on CPython ends a frame, and writes bytes outside of frames.
const FRAME_TARGET: usize = 64 * 1024;
/// Length below which CPython makes no frame.
const FRAME_MIN: usize = 4;
/// Length of the opcode that begins a frame.
const FRAME_HEADER: usize = 9;
/// Items that CPython adds with one opcode.
const BATCH: usize = 1000;

/// What tells whether two values are the same: the type, the address and the length.
type Identity = (u8, *const u8, usize);

/// Writes one pickle.
pub(super) struct Pickler {
    protocol: Protocol,
    written: Vec<u8>,
    frame_start: Option<usize>,
    /// The indices of the values that can be referred to.
    memo: HashMap<Identity, u32>,
    /// The same for classes, which are the same if their names are.
    globals: HashMap<Global, u32>,
    stored: u32,
}

impl Pickler {
    pub(super) fn new(protocol: Protocol) -> Pickler {
        let number = match protocol {
            Protocol::V3 => 3,
            Protocol::V4 => 4,
        };
        Pickler {
            protocol,
            written: vec![op::PROTO, number],
            frame_start: None,
            memo: HashMap::new(),
            globals: HashMap::new(),
            stored: 0,
        }
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.write(&[op::STOP]);
        self.end_frame();
        self.written
    }

    pub(super) fn save(&mut self, value: &Value) {
        self.save_opcodes(value);
        if let Some(start) = self.frame_start
            && self.written.len() - start - FRAME_HEADER >= FRAME_TARGET
        {
            self.end_frame();
        }
    }

    fn save_opcodes(&mut self, value: &Value) {
        let identity = identity(value);
        if let Some(index) = identity.and_then(|identity| self.memo.get(&identity)) {
            return self.get(*index);
        }
        match value {
            Value::None => self.write(&[op::NONE]),
            Value::Bool(true) => self.write(&[op::NEWTRUE]),
            Value::Bool(false) => self.write(&[op::NEWFALSE]),
            Value::Int(value) => self.integer(*value),
            Value::BigInt(value) => self.long(&value.to_signed_bytes_le()),
            Value::Float(value) => {
                self.write(&[op::BINFLOAT]);
                self.write(&value.to_be_bytes());
            }
            Value::Text(text) => self.text(text, identity),
            Value::Bytes(bytes) => self.bytes(bytes, identity),
            Value::List(values) => {
                self.write(&[op::EMPTY_LIST]);
                self.memoize(identity);
                self.append(values);
            }
            Value::Tuple(values) => self.tuple(values, identity),
            Value::Set(values) => self.set(values, identity),
            Value::Dict(dict) => {
                self.write(&[op::EMPTY_DICT]);
                self.memoize(identity);
                self.set_items(dict);
            }
            Value::Global(global) => self.global(global),
            Value::Object(object) => self.object(object, identity),
        }
    }

    fn integer(&mut self, value: i64) {
        if let Ok(value) = u8::try_from(value) {
            self.write(&[op::BININT1, value]);
        } else if let Ok(value) = u16::try_from(value) {
            self.write(&[op::BININT2]);
            self.write(&value.to_le_bytes());
        } else if let Ok(value) = i32::try_from(value) {
            self.write(&[op::BININT]);
            self.write(&value.to_le_bytes());
        } else {
            self.long(&BigInt::from(value).to_signed_bytes_le());
        }
    }

    fn long(&mut self, bytes: &[u8]) {
        self.sized(op::LONG1, op::LONG4, op::LONG4, bytes.len());
        self.write(bytes);
    }

    fn text(&mut self, text: &str, identity: Option<Identity>) {
        let short = match self.protocol {
            Protocol::V3 => op::BINUNICODE,
            Protocol::V4 => op::SHORT_BINUNICODE,
        };
        let opcodes = [short, op::BINUNICODE, op::BINUNICODE8];
        self.payload(opcodes, text.as_bytes());
        self.memoize(identity);
    }

    fn bytes(&mut self, bytes: &Bytes, identity: Option<Identity>) {
        let opcodes = [op::SHORT_BINBYTES, op::BINBYTES, op::BINBYTES8];
        self.payload(opcodes, bytes);
        self.memoize(identity);
    }

    /// Writes bytes that are outside of frames if they are many.
    fn payload(&mut self, [short, medium, long]: [u8; 3], bytes: &[u8]) {
        let large = bytes.len() >= FRAME_TARGET;
        if large {
            self.end_frame();
            let header = header(short, medium, long, bytes.len());
            self.written.extend_from_slice(&header);
            self.written.extend_from_slice(bytes);
        } else {
            self.sized(short, medium, long, bytes.len());
            self.write(bytes);
        }
    }

    fn sized(&mut self, short: u8, medium: u8, long: u8, length: usize) {
        self.write(&header(short, medium, long, length));
    }

    fn tuple(&mut self, values: &[Value], identity: Option<Identity>) {
        let opcode = match values.len() {
            0 => return self.write(&[op::EMPTY_TUPLE]),
            1 => op::TUPLE1,
            2 => op::TUPLE2,
            3 => op::TUPLE3,
            _ => {
                self.write(&[op::MARK]);
                op::TUPLE
            }
        };
        values.iter().for_each(|value| self.save(value));
        self.write(&[opcode]);
        self.memoize(identity);
    }

    fn set(&mut self, values: &[Value], identity: Option<Identity>) {
        match self.protocol {
            Protocol::V3 => {
                self.global(&Global {
                    module: "builtins".into(),
                    name: "set".into(),
                });
                self.write(&[op::EMPTY_LIST]);
                self.memoize(None);
                self.append(values);
                self.write(&[op::TUPLE1]);
                self.memoize(None);
                self.write(&[op::REDUCE]);
                self.memoize(identity);
            }
            Protocol::V4 => {
                self.write(&[op::EMPTY_SET]);
                self.memoize(identity);
                for batch in values.chunks(BATCH) {
                    self.write(&[op::MARK]);
                    batch.iter().for_each(|value| self.save(value));
                    self.write(&[op::ADDITEMS]);
                }
            }
        }
    }

    fn global(&mut self, global: &Global) {
        if let Some(index) = self.globals.get(global) {
            return self.get(*index);
        }
        let has_line_feed = global.module.contains('\n') || global.name.contains('\n');
        // Only protocol 4 can write names with line feeds; Python reads its opcodes in any protocol.
        if self.protocol == Protocol::V3 && !has_line_feed {
            self.write(format!("c{}\n{}\n", global.module, global.name).as_bytes());
        } else {
            self.save(&Value::Text(global.module.clone()));
            self.save(&Value::Text(global.name.clone()));
            self.write(&[op::STACK_GLOBAL]);
        }
        self.globals.insert(global.clone(), self.stored);
        self.memoize(None);
    }

    fn object(&mut self, object: &Object, identity: Option<Identity>) {
        self.save(&object.callable);
        self.save(&Value::Tuple(object.arguments.clone()));
        match object.keywords.is_empty() {
            true => self.write(&[op::REDUCE]),
            false => {
                self.write(&[op::EMPTY_DICT]);
                self.memoize(None);
                self.set_items(&object.keywords);
                self.write(&[op::NEWOBJ_EX]);
            }
        }
        self.memoize(identity);
        self.append(&object.list_items);
        self.set_items(&object.dict_items);
        if !object.state.is_none() {
            self.save(&object.state);
            self.write(&[op::BUILD]);
        }
    }

    fn append(&mut self, values: &[Value]) {
        if let [value] = values {
            self.save(value);
            return self.write(&[op::APPEND]);
        }
        for batch in values.chunks(BATCH) {
            self.write(&[op::MARK]);
            batch.iter().for_each(|value| self.save(value));
            self.write(&[op::APPENDS]);
        }
    }

    fn set_items(&mut self, dict: &Dict) {
        let pairs: Vec<(&Value, &Value)> = dict.iter().collect();
        if let [(key, value)] = pairs[..] {
            self.save(key);
            self.save(value);
            return self.write(&[op::SETITEM]);
        }
        for batch in pairs.chunks(BATCH) {
            self.write(&[op::MARK]);
            for (key, value) in batch {
                self.save(key);
                self.save(value);
            }
            self.write(&[op::SETITEMS]);
        }
    }

    fn get(&mut self, index: u32) {
        self.sized(op::BINGET, op::LONG_BINGET, op::LONG_BINGET, index as usize);
    }

    fn memoize(&mut self, identity: Option<Identity>) {
        if let Some(identity) = identity {
            self.memo.insert(identity, self.stored);
        }
        match self.protocol {
            Protocol::V3 => {
                let index = self.stored as usize;
                self.sized(op::BINPUT, op::LONG_BINPUT, op::LONG_BINPUT, index);
            }
            Protocol::V4 => self.write(&[op::MEMOIZE]),
        }
        self.stored += 1;
    }

    fn write(&mut self, bytes: &[u8]) {
        if self.protocol == Protocol::V4 && self.frame_start.is_none() {
            self.frame_start = Some(self.written.len());
            self.written.extend_from_slice(&[0; FRAME_HEADER]);
        }
        self.written.extend_from_slice(bytes);
    }

    fn end_frame(&mut self) {
        let Some(start) = self.frame_start.take() else {
            return;
        };
        let end_of_header = start + FRAME_HEADER;
        let length = self.written.len() - end_of_header;
        if length < FRAME_MIN {
            self.written.drain(start..end_of_header);
        } else {
            self.written[start] = op::FRAME;
            self.written[start + 1..end_of_header].copy_from_slice(&(length as u64).to_le_bytes());
        }
    }
}

/// Returns an opcode and a length or index, in the fewest bytes: 1, 4 or 8.
fn header(short: u8, medium: u8, long: u8, length: usize) -> Vec<u8> {
    let mut header = Vec::with_capacity(FRAME_HEADER);
    if let Ok(length) = u8::try_from(length)
        && short != medium
    {
        header.extend([short, length]);
    } else if let Ok(length) = u32::try_from(length) {
        header.push(medium);
        header.extend(length.to_le_bytes());
    } else {
        header.push(long);
        header.extend((length as u64).to_le_bytes());
    }
    header
}

/// Returns the identity of a value that Python stores in its memo.
fn identity(value: &Value) -> Option<Identity> {
    fn of_slice<T>(kind: u8, slice: &[T]) -> Option<Identity> {
        (!slice.is_empty()).then(|| (kind, slice.as_ptr().cast(), slice.len()))
    }
    match value {
        Value::Text(text) => of_slice(0, text.as_bytes()),
        Value::Bytes(bytes) => of_slice(1, bytes),
        Value::List(values) => of_slice(2, values),
        Value::Tuple(values) => of_slice(3, values),
        Value::Set(values) => of_slice(4, values),
        Value::Dict(dict) => Some((5, std::ptr::from_ref(&**dict).cast(), 0)),
        Value::Object(object) => Some((6, std::ptr::from_ref(&**object).cast(), 0)),
        _ => None,
    }
}
