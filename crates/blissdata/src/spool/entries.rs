//! Which points the entries of a spool have.

use crate::entries::{EntryReplyError, EntryScanner, SEAL, parse_uint};

/// The points of consecutive entries of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpooledPoints {
    /// Index of the first point.
    pub first: u64,
    /// Index behind the last point; equal to `first` if there are none.
    pub end: u64,
    /// The total number of points, if the seal of the stream is among the entries.
    pub total: Option<u64>,
}

/// Returns the points in a reply to `XRANGE`. Returns `None` if there are no entries in it.
///
/// # Errors
/// If the reply has another form.
pub fn spooled_points(reply: &[u8]) -> Result<Option<SpooledPoints>, EntryReplyError> {
    let mut scanner = EntryScanner::of_range(reply)?;
    let mut points: Option<(u64, u64)> = None;
    let mut total = None;
    while let Some(entry) = scanner.next_entry()? {
        if entry.id.first == SEAL {
            total = Some(entry.total.and_then(parse_uint).unwrap_or(0));
            continue;
        }
        let count = entry.len.and_then(parse_uint).unwrap_or(1);
        let end = entry.id.first.saturating_add(count);
        let (first, last) = points.unwrap_or((entry.id.first, end));
        points = Some((first, last.max(end)));
    }
    let (first, end) = points.unwrap_or((0, 0));
    let has_entries = points.is_some() || total.is_some();
    Ok(has_entries.then_some(SpooledPoints { first, end, total }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPLY: &[u8] =
        b"*2\r\n*2\r\n$3\r\n4-1\r\n*4\r\n$7\r\npayload\r\n$2\r\nab\r\n$3\r\nlen\r\n$1\r\n2\r\n\
        *2\r\n$41\r\n18446744073709551615-18446744073709551615\r\n*2\r\n$2\r\nid\r\n$1\r\n6\r\n";

    #[test]
    fn entries_know_their_points_and_their_seal() {
        let points = spooled_points(REPLY).unwrap().unwrap();
        assert_eq!((points.first, points.end, points.total), (4, 6, Some(6)));
        assert_eq!(spooled_points(b"*0\r\n"), Ok(None));
        assert!(spooled_points(b"-ERR\r\n").is_err());
    }
}
