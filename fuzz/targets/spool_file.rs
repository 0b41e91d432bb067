//! Files of the spool, as a killed process or a full disk may leave them.
#![no_main]

use bliss_node::spool::SpooledNodes;
use blissdata::spool::spooled_points;
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use spool::{RecordScanner, SpoolRecord};

fuzz_target!(|input: (bool, &[u8])| {
    let (has_sum, bytes) = input;
    let mut scanner = RecordScanner::new(bytes);
    while let Some((place, record)) = scanner.next() {
        assert!(place.end <= bytes.len());
        look_at(record);
    }
    if has_sum {
        // Bodies with a right checksum, which are not found by chance.
        let mut record = u32::try_from(bytes.len())
            .expect("a short input")
            .to_le_bytes()
            .to_vec();
        record.extend(crc32fast::hash(bytes).to_le_bytes());
        record.extend(bytes);
        if let Some((record, _)) = SpoolRecord::decode(&record) {
            look_at(record);
        }
    }
});

fn look_at(record: SpoolRecord<'_>) {
    // Errors are as good as what was recorded.
    match record {
        SpoolRecord::Entries(entries) => drop(spooled_points(entries.reply)),
        SpoolRecord::Document { text, .. } => {
            drop(SpooledNodes::decode(&Bytes::copy_from_slice(text)));
        }
        _ => {}
    }
}
