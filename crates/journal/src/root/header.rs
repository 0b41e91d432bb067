//! Object headers of version 2.

use super::Read;
use super::fields::{Fields, Parsed, Refusal, UNDEFINED, require};
use crate::checksum::lookup3;

const SIGNATURE: &[u8] = b"OHDR";
const CONTINUATION_SIGNATURE: &[u8] = b"OCHK";

/// Bits of the flags of a header.
const SIZE_BITS: u8 = 0x3;
const HAS_ORDER: u8 = 0x4;
const HAS_LIMITS: u8 = 0x10;
const HAS_TIMES: u8 = 0x20;
const ALL_FLAGS: u8 = 0x3f;
/// The length of the first part is a number of 4 bytes.
const SIZE_OF_4_BYTES: u8 = 0x2;

/// The longest beginning of a header.
const LONGEST_BEGIN: usize = 4 + 1 + 1 + 16 + 4 + 8;

const NIL: u8 = 0;
const CONTINUATION: u8 = 0x10;

/// A message of an object header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub kind: u8,
    pub flags: u8,
    /// The creation order of an attribute, if the header has that. Otherwise it may be any number, which is not written.
    pub order: u16,
    pub body: Vec<u8>,
}

impl Message {
    pub fn nil(body: Vec<u8>) -> Message {
        Message {
            kind: NIL,
            flags: 0,
            order: 0,
            body,
        }
    }
}

/// An object header with all of its parts.
#[derive(Debug)]
pub(super) struct ObjectHeader {
    flags: u8,
    /// Times, and limits for the number of attributes, if the flags say so.
    middle: Vec<u8>,
    pub messages: Vec<Message>,
}

impl ObjectHeader {
    /// Reads a header. Refuses one with more than `limit` bytes in one of its parts, or in all of its messages.
    pub fn read(read: &Read<'_>, address: u64, limit: usize) -> Parsed<ObjectHeader> {
        let bytes = first_part(read, address, limit)?;
        let begin = Begin::of(&bytes)?;
        let mut header = ObjectHeader {
            flags: begin.flags,
            middle: begin.middle.to_vec(),
            messages: Vec::new(),
        };
        let mut parts = Vec::new();
        header.add(&bytes[begin.length..bytes.len() - 4], &mut parts)?;
        let mut total = bytes.len();
        let mut next = 0;
        while let Some((address, length)) = parts.get(next).copied() {
            next += 1;
            total = total.saturating_add(length);
            require(total <= limit && length >= CONTINUATION_SIGNATURE.len() + 4)?;
            let bytes = checked(read, address, length)?;
            let mut fields = Fields::new(&bytes[..length - 4]);
            fields.expect(CONTINUATION_SIGNATURE)?;
            header.add(fields.rest(), &mut parts)?;
        }
        Ok(header)
    }

    /// Adds the messages of a part, and notes which parts follow.
    fn add(&mut self, bytes: &[u8], parts: &mut Vec<(u64, usize)>) -> Parsed<()> {
        let head = self.length_of_head();
        let mut fields = Fields::new(bytes);
        // What is shorter than the head of a message is a gap.
        while fields.rest().len() >= head {
            let kind = fields.byte()?;
            let length = fields.size(2)?;
            let flags = fields.byte()?;
            let order = match self.flags & HAS_ORDER {
                0 => 0,
                _ => fields.number(2)? as u16,
            };
            let body = fields.take(length)?;
            match kind {
                NIL => {}
                CONTINUATION => {
                    let mut fields = Fields::new(body);
                    let address = fields.number(8)?;
                    require(address != UNDEFINED)?;
                    parts.push((address, fields.size(8)?));
                }
                kind => self.messages.push(Message {
                    kind,
                    flags,
                    order,
                    body: body.to_vec(),
                }),
            }
        }
        Ok(())
    }

    /// Returns `true` if attributes have a creation order.
    pub fn has_order(&self) -> bool {
        self.flags & HAS_ORDER != 0
    }

    fn length_of_head(&self) -> usize {
        if self.has_order() { 6 } else { 4 }
    }

    /// Returns a header that consists of one part. The checksum at its end is 0.
    pub fn encode(&self) -> Parsed<Vec<u8>> {
        let head = self.length_of_head();
        let lengths = self.messages.iter().map(|message| message.body.len());
        let length: usize = lengths.map(|length| head + length).sum();
        let length = u32::try_from(length).map_err(|_| Refusal::Unknown)?;
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([2, self.flags & !SIZE_BITS | SIZE_OF_4_BYTES]);
        bytes.extend(&self.middle);
        bytes.extend(length.to_le_bytes());
        for message in &self.messages {
            let length = u16::try_from(message.body.len()).map_err(|_| Refusal::Unknown)?;
            bytes.push(message.kind);
            bytes.extend(length.to_le_bytes());
            bytes.push(message.flags);
            if self.has_order() {
                bytes.extend(message.order.to_le_bytes());
            }
            bytes.extend(&message.body);
        }
        bytes.extend([0; 4]);
        Ok(bytes)
    }
}

/// What a header has before its messages.
struct Begin<'a> {
    flags: u8,
    middle: &'a [u8],
    /// The length of what is before the messages, and that of the messages.
    length: usize,
    messages: usize,
}

impl<'a> Begin<'a> {
    fn of(bytes: &'a [u8]) -> Parsed<Begin<'a>> {
        let mut fields = Fields::new(bytes);
        fields.expect(SIGNATURE)?;
        fields.expect(&[2])?;
        let flags = fields.byte()?;
        require(flags & !ALL_FLAGS == 0)?;
        let times = if flags & HAS_TIMES != 0 { 16 } else { 0 };
        let limits = if flags & HAS_LIMITS != 0 { 4 } else { 0 };
        let middle = fields.take(times + limits)?;
        let messages = fields.size(1 << (flags & SIZE_BITS))?;
        Ok(Begin {
            flags,
            middle,
            length: bytes.len() - fields.rest().len(),
            messages,
        })
    }
}

/// Reads the first part of a header, with its checksum, which must be right. Refuses one with more than `limit` bytes.
pub(super) fn first_part(read: &Read<'_>, address: u64, limit: usize) -> Parsed<Vec<u8>> {
    let mut bytes = vec![0; LONGEST_BEGIN];
    read(address, &mut bytes)?;
    let begin = Begin::of(&bytes)?;
    let length = begin.messages.saturating_add(begin.length + 4);
    require(length <= limit)?;
    checked(read, address, length)
}

/// Reads bytes that end with a checksum, which must be right.
pub(super) fn checked(read: &Read<'_>, address: u64, length: usize) -> Parsed<Vec<u8>> {
    require(address.checked_add(length as u64).is_some())?;
    let mut bytes = vec![0; length];
    read(address, &mut bytes)?;
    let end = length.checked_sub(4).ok_or(Refusal::Unknown)?;
    require(bytes[end..] == lookup3(&bytes[..end]).to_le_bytes())?;
    Ok(bytes)
}
