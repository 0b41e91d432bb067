//! Entries of streams, scanned in the reply of `XREAD`.
#![no_main]

use blissdata::entries::EntryScanner;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|reply: &[u8]| {
    if let Ok(mut scanner) = EntryScanner::of_xread(reply) {
        while let Ok(Some(_)) = scanner.next_stream() {
            while let Ok(Some(_)) = scanner.next_entry() {}
        }
        assert!(scanner.position() <= reply.len());
    }
    if let Ok(mut scanner) = EntryScanner::of_range(reply) {
        while let Ok(Some(_)) = scanner.next_entry() {}
    }
});
