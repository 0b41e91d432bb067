//! Which points the entries of a stream have.

use redis_client::{EntryId, EntryReplyError};

use crate::event::{Entry, Event, EventScanner, first_point, parse_count};

/// The entries in a reply to `XRANGE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedEntries {
    /// Index of the first point.
    pub first: u64,
    /// Index behind the last point; equal to `first` if there are none.
    pub end: u64,
    /// Number of entries.
    pub count: u64,
    /// The last entry.
    pub last: EntryId,
}

/// Looks at a reply to `XRANGE`.
///
/// # Errors
/// If the reply has another form.
pub fn recorded_entries(reply: &[u8]) -> Result<RecordedEntries, EntryReplyError> {
    let mut scanner = EventScanner::of_range(reply)?;
    let mut entries = RecordedEntries {
        first: 0,
        end: 0,
        count: 0,
        last: EntryId::START,
    };
    while let Some(entry) = scanner.next_entry()? {
        entries.count += 1;
        entries.last = entry.id;
        let Some((first, end)) = points(&entry) else {
            continue;
        };
        if entries.end == 0 {
            entries.first = first;
        }
        entries.end = entries.end.max(end);
    }
    Ok(entries)
}

/// Returns the index of the first point of an entry, and the index behind its last one. A state of a detector counts as
/// one point.
pub fn points(entry: &Entry<'_>) -> Option<(u64, u64)> {
    let first = first_point(entry.id)?;
    let count = match entry.event {
        Event::ChannelData { count, .. } => parse_count(count).unwrap_or(1),
        _ => 1,
    };
    Some((first, first.saturating_add(count)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_know_their_points() {
        let reply = b"*2\r\n*2\r\n$3\r\n5-0\r\n*8\r\n$9\r\n__EVENT__\r\n$11\r\nCHANNELDATA\r\n\
            $8\r\n__DESC__\r\n$0\r\n\r\n$11\r\n__NPOINTS__\r\n$1\r\n3\r\n$8\r\n__DATA__\r\n$0\r\n\r\n\
            *2\r\n$3\r\n8-0\r\n*4\r\n$9\r\n__EVENT__\r\n$15\r\nLIMAIMAGESTATUS\r\n$10\r\n__STATUS__\r\n$0\r\n\r\n";
        let entries = recorded_entries(reply).unwrap();
        assert_eq!((entries.first, entries.end, entries.count), (4, 8, 2));
        assert_eq!(entries.last.first, 8);
        assert_eq!(recorded_entries(b"*0\r\n").unwrap().count, 0);
        assert!(recorded_entries(b"-ERR\r\n").is_err());
    }
}
