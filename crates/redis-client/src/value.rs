//! Decoded replies.

use bytes::Bytes;

use crate::error::ServerError;
use crate::reply_scanner::{ReplyHeader, parse_header};

/// A decoded RESP2 reply. Texts are slices of the receive buffer, nothing is copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `$-1` or `*-1`.
    Nil,
    /// An integer.
    Int(i64),
    /// A simple or a bulk string.
    Text(Bytes),
    /// An array.
    Array(Vec<Value>),
    /// An error, inside an array (of `EXEC`) or alone.
    Error(ServerError),
}

/// Arrays in arrays deeper than this are not Redis talking.
const MAX_DEPTH: usize = 32;

impl Value {
    /// Decodes one complete reply. The error says what is wrong with the bytes.
    pub fn decode(reply: &Bytes) -> Result<Value, String> {
        let mut at = 0;
        let value = decode_at(reply, &mut at, MAX_DEPTH)?;
        if at == reply.len() {
            Ok(value)
        } else {
            Err("bytes after the end of a reply".into())
        }
    }

    /// The bytes of a text.
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A text that is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        self.as_bytes()
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// An integer, or a text that is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(n) => Some(*n),
            _ => self.as_str().and_then(|text| text.trim().parse().ok()),
        }
    }

    /// The elements of an array; nil is an empty one.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(items) => Some(items),
            Value::Nil => Some(&[]),
            _ => None,
        }
    }

    /// True for nil.
    pub fn is_nil(&self) -> bool {
        matches!(self, Value::Nil)
    }
}

fn decode_at(reply: &Bytes, at: &mut usize, depth: usize) -> Result<Value, String> {
    let (header, after) = parse_header(reply, *at)?.ok_or("a reply that ends too early")?;
    let line = *at + 1..after - 2;
    *at = after;
    Ok(match header {
        ReplyHeader::Simple => Value::Text(reply.slice(line)),
        ReplyHeader::Error => Value::Error(ServerError::new(String::from_utf8_lossy(&reply[line]))),
        ReplyHeader::Int(n) => Value::Int(n),
        ReplyHeader::Nil => Value::Nil,
        ReplyHeader::Bulk(len) => {
            let end = after.checked_add(len).filter(|end| end + 2 <= reply.len());
            let end = end.ok_or("a reply that ends too early")?;
            *at = end + 2;
            Value::Text(reply.slice(after..end))
        }
        ReplyHeader::Array(len) => {
            if depth == 0 {
                return Err("too many arrays inside each other".into());
            }
            // Every element takes at least 4 bytes: a lie about the length allocates nothing.
            let mut items = Vec::with_capacity(len.min((reply.len() - *at) / 4 + 1));
            for _ in 0..len {
                items.push(decode_at(reply, at, depth - 1)?);
            }
            Value::Array(items)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &'static [u8]) -> Result<Value, String> {
        Value::decode(&Bytes::from_static(text))
    }

    #[test]
    fn decodes_every_kind() {
        let value = decode(b"*6\r\n+OK\r\n:-7\r\n$-1\r\n*-1\r\n$2\r\n\r\n\r\n-ERR no\r\n").unwrap();
        let expected = Value::Array(vec![
            Value::Text(Bytes::from_static(b"OK")),
            Value::Int(-7),
            Value::Nil,
            Value::Nil,
            Value::Text(Bytes::from_static(b"\r\n")),
            Value::Error(ServerError::new("ERR no")),
        ]);
        assert_eq!(value, expected);
    }

    #[test]
    fn refuses_what_is_not_resp2() {
        for bad in [
            &b"%1\r\n+a\r\n+b\r\n"[..],
            b":12x\r\n",
            b"$5\r\nabc\r\n",
            b"*99999999999\r\n+a\r\n",
            b"+OK\r\n+OK\r\n",
            b"$99999999999999999999\r\n",
            b"",
        ] {
            assert!(
                Value::decode(&Bytes::copy_from_slice(bad)).is_err(),
                "{bad:?}"
            );
        }
        let deep = b"*1\r\n".repeat(100_000);
        assert!(Value::decode(&Bytes::from(deep)).is_err());
    }
}
