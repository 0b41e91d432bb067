//! Replies as Redis sends them, and broken ones.

use super::*;

/// As Redis 8.2 sent it for a stream of blissdata 2.4.5.
const SEALED: &[u8] = b"*1\r\n*2\r\n$38\r\nesrf:stream:01M82Y7PBRNXE06BCDKQGNH2J8\r\n*2\r\n*2\r\n\
    $3\r\n0-1\r\n*4\r\n$7\r\npayload\r\n$2\r\n\x01\x00\r\n$3\r\nlen\r\n$1\r\n2\r\n*2\r\n$41\r\n\
    18446744073709551615-18446744073709551615\r\n*2\r\n$2\r\nid\r\n$1\r\n2\r\n";

#[test]
fn data_and_seal() {
    let mut scan = EntryScanner::of_xread(SEALED).unwrap();
    let head = scan.next_stream().unwrap().unwrap();
    assert_eq!(head.key, b"esrf:stream:01M82Y7PBRNXE06BCDKQGNH2J8");
    assert_eq!(head.entries, 2);
    let data = scan.next_entry().unwrap().unwrap();
    assert_eq!(
        data.id,
        EntryId {
            first: 0,
            second: 1
        }
    );
    assert_eq!(
        (data.payload, data.len),
        (Some(&[1, 0][..]), Some(&b"2"[..]))
    );
    let seal = scan.next_entry().unwrap().unwrap();
    assert_eq!(seal.id.first, SEAL);
    assert_eq!(
        seal.id.to_string(),
        "18446744073709551615-18446744073709551615"
    );
    assert_eq!((seal.payload, seal.total), (None, Some(&b"2"[..])));
    assert_eq!(scan.next_entry(), Ok(None));
    assert_eq!(scan.next_stream(), Ok(None));
    assert_eq!(scan.position(), SEALED.len());
}

#[test]
fn fields_in_any_order_and_unknown_ones() {
    let reply =
        b"*1\r\n*2\r\n$3\r\n7-1\r\n*6\r\n$3\r\nlen\r\n$1\r\n9\r\n$3\r\nfoo\r\n$2\r\n\r\n\r\n\
        $7\r\npayload\r\n$0\r\n\r\n";
    let mut scan = EntryScanner::of_range(reply).unwrap();
    let entry = scan.next_entry().unwrap().unwrap();
    assert_eq!((entry.payload, entry.len), (Some(&[][..]), Some(&b"9"[..])));
    assert_eq!(scan.next_entry(), Ok(None));
}

#[test]
fn nothing_in_time() {
    assert_eq!(
        EntryScanner::of_xread(b"*-1\r\n").unwrap().next_stream(),
        Ok(None)
    );
    assert_eq!(
        EntryScanner::of_range(b"*0\r\n").unwrap().next_entry(),
        Ok(None)
    );
}

#[test]
fn streams_can_be_skipped() {
    let reply = [b"*2\r\n".as_slice(), &SEALED[4..], &SEALED[4..]].concat();
    let mut scan = EntryScanner::of_xread(&reply).unwrap();
    assert!(scan.next_stream().unwrap().is_some());
    assert!(scan.next_stream().unwrap().is_some());
    assert_eq!(scan.next_stream(), Ok(None));
}

#[test]
fn no_truncation_or_garbage_panics() {
    let walk = |reply: &[u8]| -> Result<(), EntryReplyError> {
        let mut scan = EntryScanner::of_xread(reply)?;
        while scan.next_stream()?.is_some() {
            while scan.next_entry()?.is_some() {}
        }
        Ok(())
    };
    assert_eq!(walk(SEALED), Ok(()));
    for size in 0..SEALED.len() {
        assert!(walk(&SEALED[..size]).is_err(), "{size}");
    }
    for at in 0..SEALED.len() {
        let mut garbled = SEALED.to_vec();
        garbled[at] ^= 0x15;
        // Bytes of payloads and keys may be anything; what counts is that this returns.
        walk(&garbled).ok();
    }
    assert!(walk(b"*1\r\n*2\r\n$99999999999999999999999\r\nx\r\n").is_err());
    assert!(walk(b":1\r\n").is_err());
}
