//! Finds the end of a reply while it arrives.
//!
//! [`ReplyScanner`] remembers where it stopped, so that each byte is looked at once however small
//! the pieces are, and jumps over bulk strings without touching them.

/// The first line of a RESP2 element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReplyHeader {
    Simple,
    Error,
    Int(i64),
    Nil,
    Bulk(usize),
    Array(usize),
}

/// Most digits we accept in a length or an integer.
const MAX_NUMBER: usize = 20;
/// Longest simple string or error. Redis cuts its own at a few hundred bytes.
const MAX_LINE: usize = 1 << 20;
/// Redis refuses to hold more than 512 MB in one string unless configured otherwise.
const MAX_BULK: i64 = 1 << 32;

/// Returns the element that begins at `at` in `bytes`, and where its first line ends, or `None` if that line
/// has not arrived completely.
#[inline]
pub(crate) fn parse_header(
    bytes: &[u8],
    at: usize,
) -> Result<Option<(ReplyHeader, usize)>, String> {
    let Some(&kind) = bytes.get(at) else {
        return Ok(None);
    };
    let line = &bytes[at + 1..];
    match kind {
        b'+' | b'-' => {
            let Some(end) = line.iter().take(MAX_LINE).position(|&b| b == b'\n') else {
                return if line.len() < MAX_LINE {
                    Ok(None)
                } else {
                    Err("endless line".into())
                };
            };
            if end == 0 || line[end - 1] != b'\r' {
                return Err("a line that does not end in CR LF".into());
            }
            let head = if kind == b'+' {
                ReplyHeader::Simple
            } else {
                ReplyHeader::Error
            };
            Ok(Some((head, at + 1 + end + 1)))
        }
        b':' | b'$' | b'*' => {
            let Some((number, rest)) = number(line)? else {
                return Ok(None);
            };
            let head = match (kind, number) {
                (b':', n) => ReplyHeader::Int(n),
                (_, -1) => ReplyHeader::Nil,
                (b'$', n) if (0..=MAX_BULK).contains(&n) => ReplyHeader::Bulk(n as usize),
                (b'*', n) if (0..=MAX_BULK).contains(&n) => ReplyHeader::Array(n as usize),
                (_, n) => return Err(format!("length {n}")),
            };
            Ok(Some((head, bytes.len() - rest.len())))
        }
        other => Err(format!("unknown type byte {:?}", char::from(other))),
    }
}

/// More digits than this may not fit into an `i64`.
const SAFE_DIGITS: usize = 18;

/// Returns the decimal number up to CR LF, and the bytes after it, or `None` if CR LF has not arrived.
///
/// This is executed several times for each point of a stream. It walks by parts of the line, because each
/// step of an index would be checked for overflow.
fn number(line: &[u8]) -> Result<Option<(i64, &[u8])>, String> {
    let (is_negative, digits) = match line.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, line),
    };
    let (mut value, mut rest) = (0i64, digits);
    while let [byte @ b'0'..=b'9', after @ ..] = rest {
        let digit = i64::from(byte.wrapping_sub(b'0'));
        value = value.wrapping_mul(10).wrapping_add(digit);
        rest = after;
    }
    if is_negative {
        value = value.wrapping_neg();
    }
    let used = digits.len() - rest.len();
    if used > SAFE_DIGITS {
        let text = &line[..line.len() - rest.len()];
        let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
        value = text.parse().map_err(|_| "a number that is too large")?;
    }
    match rest {
        [] if used <= MAX_NUMBER => Ok(None),
        [b'\r', after @ ..] if (1..=MAX_NUMBER).contains(&used) => match after {
            [] => Ok(None),
            [b'\n', after @ ..] => Ok(Some((value, after))),
            _ => Err("a line that does not end in CR LF".into()),
        },
        _ => Err("a number that is none".into()),
    }
}

/// Finds the end of the reply at the front of a buffer that grows.
#[derive(Debug)]
pub(crate) struct ReplyScanner {
    /// Everything before it has been seen.
    at: usize,
    /// Elements still to come.
    remaining: usize,
    /// Where to look for the end of an unfinished simple string.
    line_from: usize,
}

/// What a scan found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReplyExtent {
    /// The reply is this long.
    Complete(usize),
    /// The buffer must be at least this long.
    Need(usize),
}

impl ReplyScanner {
    pub(crate) fn new() -> ReplyScanner {
        ReplyScanner {
            at: 0,
            remaining: 1,
            line_from: 0,
        }
    }

    /// Goes on with `buffer`, the same bytes as last time and more.
    pub(crate) fn advance(&mut self, buffer: &[u8]) -> Result<ReplyExtent, String> {
        while self.remaining > 0 {
            if self.waits_for_line_end(buffer) {
                return Ok(ReplyExtent::Need(buffer.len() + 1));
            }
            let Some((header, after)) = parse_header(buffer, self.at)? else {
                return Ok(ReplyExtent::Need(buffer.len().max(self.at) + 1));
            };
            match header {
                ReplyHeader::Bulk(len) => {
                    let end = after + len + 2;
                    if end > buffer.len() {
                        // The head is read again then: cheaper than one more state.
                        return Ok(ReplyExtent::Need(end));
                    }
                    if buffer[end - 2..end] != *b"\r\n" {
                        return Err("a bulk string without CR LF at its end".into());
                    }
                    self.at = end;
                }
                ReplyHeader::Array(len) => {
                    self.remaining += len;
                    self.at = after;
                }
                _ => self.at = after,
            }
            self.remaining -= 1;
        }
        Ok(ReplyExtent::Complete(self.at))
    }

    /// True while a simple string has no end yet; keeps long ones from being searched again
    /// from their start.
    fn waits_for_line_end(&mut self, buffer: &[u8]) -> bool {
        if !matches!(buffer.get(self.at), Some(b'+' | b'-')) {
            return false;
        }
        let from = self.line_from.max(self.at);
        if buffer.len() - self.at < MAX_LINE && !buffer[from..].contains(&b'\n') {
            self.line_from = buffer.len();
            return true;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPLY: &[u8] =
        b"*3\r\n*2\r\n$3\r\n0-1\r\n*2\r\n$7\r\npayload\r\n$2\r\n\r\n\r\n*-1\r\n-ERR x y\r\n";

    #[test]
    fn finds_the_end_at_any_cut() {
        let mut stream = REPLY.to_vec();
        stream.extend_from_slice(b"+next\r\n");
        for step in 1..=REPLY.len() {
            let mut scanner = ReplyScanner::new();
            let mut have = 0;
            loop {
                match scanner.advance(&stream[..have]).unwrap() {
                    ReplyExtent::Complete(len) => break assert_eq!(len, REPLY.len()),
                    ReplyExtent::Need(len) => assert!(len > have && len <= REPLY.len()),
                }
                have = (have + step).min(stream.len());
            }
        }
    }

    #[test]
    fn says_how_much_a_bulk_string_needs() {
        assert_eq!(
            ReplyScanner::new().advance(b"$1000\r\nabc").unwrap(),
            ReplyExtent::Need(1009)
        );
    }

    #[test]
    fn refuses_rubbish() {
        for bad in [
            &b"HTTP/1.1 400\r\n"[..],
            b"$1\r\nabcd",
            b"*-2\r\n",
            b":\r\n",
            b"+\n",
            b"$\r\n",
        ] {
            assert!(ReplyScanner::new().advance(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn numbers_have_the_range_of_i64() {
        for number in [0, 7, -1, 999_999_999_999_999_999, i64::MAX, i64::MIN] {
            let line = format!(":{number}\r\n");
            let end = line.len();
            assert_eq!(
                parse_header(line.as_bytes(), 0),
                Ok(Some((ReplyHeader::Int(number), end)))
            );
        }
        for line in [":9223372036854775808\r\n", ":-9223372036854775809\r\n"] {
            assert!(parse_header(line.as_bytes(), 0).is_err(), "{line}");
        }
    }
}
