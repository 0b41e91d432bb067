//! Reads opcodes and their arguments.

use std::sync::Arc;

use bytes::Bytes;

use crate::error::DecodeError;

/// A position in a pickle.
pub(super) struct Input<'a> {
    pickle: &'a Bytes,
    at: usize,
    /// Position of the current opcode.
    opcode_at: usize,
}

impl<'a> Input<'a> {
    pub(super) fn new(pickle: &'a Bytes) -> Input<'a> {
        Input {
            pickle,
            at: 0,
            opcode_at: 0,
        }
    }

    /// Returns the error that the current opcode `problem`.
    pub(super) fn invalid(&self, problem: &'static str) -> DecodeError {
        DecodeError::Invalid {
            at: self.opcode_at,
            problem,
        }
    }

    pub(super) fn unknown(&self, opcode: u8) -> DecodeError {
        DecodeError::UnknownOpcode {
            opcode,
            at: self.opcode_at,
        }
    }

    pub(super) fn opcode(&mut self) -> Result<u8, DecodeError> {
        self.opcode_at = self.at;
        self.u8()
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let rest = self.pickle.get(self.at..).unwrap_or_default();
        let array = rest.first_chunk().ok_or(self.truncated())?;
        self.at += N;
        Ok(*array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(super) fn u16(&mut self) -> Result<u16, DecodeError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, DecodeError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, DecodeError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// Takes that many bytes, without a copy.
    pub(super) fn bytes(&mut self, length: u64) -> Result<Bytes, DecodeError> {
        let range = self.range(length)?;
        Ok(self.pickle.slice(range))
    }

    /// Takes a text of that many bytes. A half surrogate, which Python writes as if it were a character,
    /// becomes U+FFFD.
    pub(super) fn text(&mut self, length: u64) -> Result<Arc<str>, DecodeError> {
        let range = self.range(length)?;
        let pickle: &'a [u8] = self.pickle;
        let bytes = &pickle[range];
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.into()),
            Err(_) => match without_surrogates(bytes) {
                Some(text) => Ok(text.into()),
                None => Err(self.invalid("has a text that is not UTF-8")),
            },
        }
    }

    /// Takes a text that ends with a line feed.
    pub(super) fn line(&mut self) -> Result<Arc<str>, DecodeError> {
        let rest = self.pickle.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| *byte == b'\n');
        let text = self.text(length.ok_or(self.truncated())? as u64)?;
        self.at += 1;
        Ok(text)
    }

    fn range(&mut self, length: u64) -> Result<std::ops::Range<usize>, DecodeError> {
        let end = usize::try_from(length)
            .ok()
            .and_then(|length| self.at.checked_add(length));
        match end {
            Some(end) if end <= self.pickle.len() => {
                let range = self.at..end;
                self.at = end;
                Ok(range)
            }
            _ => Err(self.truncated()),
        }
    }

    fn truncated(&self) -> DecodeError {
        DecodeError::Truncated {
            at: self.pickle.len(),
        }
    }
}

/// Returns the text with U+FFFD in place of half surrogates, or `None` if it is no text nevertheless.
fn without_surrogates(bytes: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        let error = match std::str::from_utf8(rest) {
            Ok(valid) => {
                text.push_str(valid);
                return Some(text);
            }
            Err(error) => error,
        };
        let (valid, invalid) = rest.split_at(error.valid_up_to());
        text.push_str(std::str::from_utf8(valid).ok()?);
        match invalid {
            [0xed, 0xa0..=0xbf, 0x80..=0xbf, tail @ ..] => rest = tail,
            _ => return None,
        }
        text.push('\u{fffd}');
    }
}
