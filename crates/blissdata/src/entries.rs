//! The entries of the streams of blissdata, scanned in place by a [`redis_client::EntryScanner`].
//!
//! Only the fields that blissdata writes are kept: `payload` and `len` of data, `id` of a seal,
//! `state` of a state stream (blissdata 2.4.5, `EventStream` and `Scan._set_state`).

pub(crate) use redis_client::parse_uint;
pub use redis_client::{EntryId, EntryReplyError, StreamHeader};

/// First part of the identifier of the entry that seals a data stream.
pub const SEAL: u64 = u64::MAX;

/// One entry of a stream. Numbers are left as text: only the reader knows which it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Identifier. In data streams the first part is the index of the entry's first point, and the second is 1.
    pub id: EntryId,
    /// Encoded points.
    pub payload: Option<&'a [u8]>,
    /// Number of points; absent when it is one.
    pub len: Option<&'a [u8]>,
    /// Of a seal: total number of points.
    pub total: Option<&'a [u8]>,
    /// Of a stream of states: number of the state.
    pub state: Option<&'a [u8]>,
}

/// Walk over a complete RESP2 reply.
///
/// ```
/// use blissdata::entries::EntryScanner;
///
/// let reply = b"*1\r\n*2\r\n$1\r\nk\r\n*1\r\n*2\r\n$3\r\n0-1\r\n*2\r\n$7\r\npayload\r\n$2\r\n\x01\x00\r\n";
/// let mut scan = EntryScanner::of_xread(reply)?;
/// assert_eq!(scan.next_stream()?.unwrap().key, b"k");
/// assert_eq!(scan.next_entry()?.unwrap().payload, Some(&[1, 0][..]));
/// assert_eq!(scan.next_entry()?, None);
/// assert_eq!(scan.next_stream()?, None);
/// # Ok::<(), blissdata::entries::EntryReplyError>(())
/// ```
#[derive(Debug, Clone)]
pub struct EntryScanner<'a>(redis_client::EntryScanner<'a>);

impl<'a> EntryScanner<'a> {
    /// A walk over the reply of `XREAD`: streams and their entries. Nil has no streams.
    ///
    /// # Errors
    /// Like all methods: when the reply is not of that form.
    pub fn of_xread(reply: &'a [u8]) -> Result<EntryScanner<'a>, EntryReplyError> {
        redis_client::EntryScanner::of_xread(reply).map(EntryScanner)
    }

    /// A walk over the reply of `XRANGE` or `XREVRANGE`: entries only.
    pub fn of_range(reply: &'a [u8]) -> Result<EntryScanner<'a>, EntryReplyError> {
        redis_client::EntryScanner::of_range(reply).map(EntryScanner)
    }

    /// Offset in the reply of what comes next.
    pub fn position(&self) -> usize {
        self.0.position()
    }

    /// Goes to the next stream, past the entries of the present one that were not looked at.
    pub fn next_stream(&mut self) -> Result<Option<StreamHeader<'a>>, EntryReplyError> {
        self.0.next_stream()
    }

    /// Takes the next entry of the present stream.
    #[inline]
    pub fn next_entry(&mut self) -> Result<Option<Entry<'a>>, EntryReplyError> {
        let mut entry = Entry {
            id: EntryId::START,
            payload: None,
            len: None,
            total: None,
            state: None,
        };
        let id = self.0.next_entry(|name, value| match name {
            b"payload" => entry.payload = Some(value),
            b"len" => entry.len = Some(value),
            b"id" => entry.total = Some(value),
            b"state" => entry.state = Some(value),
            _ => {}
        })?;
        Ok(id.map(|id| Entry { id, ..entry }))
    }
}

#[cfg(test)]
mod tests;
