//! What the targets share.

use nexus::tree::difference;
use serde_json::Value;
use writer::layout::{EndFacts, Layout, ScanFacts, StreamFacts};

/// Asks a layout for all that the writer asks for, before, during and after the scan.
pub fn exercise(layout: &dyn Layout, info: Value) {
    layout.notices();
    layout.subscan_entries();
    layout.entry_links();
    layout.destinations();
    let mut facts = ScanFacts::default();
    let first = layout.trees(&facts);
    for (number, stream) in layout.streams().into_iter().enumerate() {
        let points = number as u64 % 4;
        let stored = StreamFacts {
            stored: number % 3 != 2,
            points,
            shape: vec![points],
            values: Some(vec![1.5; points as usize]),
        };
        facts.streams.insert(stream, stored);
    }
    layout.values_wanted(&facts);
    facts.end = Some(EndFacts {
        time: "2026-11-23T00:31:05.786624+00:00".to_owned(),
        info,
    });
    facts.record = r#"{"version": 1}"#.to_owned();
    for last in layout.trees(&facts) {
        if let Some(first) = first.iter().find(|first| first.file == last.file) {
            difference(&first.root, &last.root);
        }
    }
}
