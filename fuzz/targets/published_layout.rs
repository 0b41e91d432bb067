//! Layouts that scans publish: the mapping of a file.
#![no_main]

mod common;

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use writer::layout::{ScanDescription, layout_of};
use writer::options::SaveOptions;
use writer::source::DataModel;

fuzz_target!(|text: &[u8]| {
    let Ok(mapping) = blissdata::json::parse(text) else {
        return;
    };
    let info = json!({"h5maps": {"/a.h5": mapping.value}});
    let scan = ScanDescription {
        model: DataModel::Blissdata,
        info: &info,
        path: Some("/a.h5"),
        number: Some(1),
        streams: &[],
    };
    if let Ok(Some(layout)) = layout_of(&scan, &SaveOptions::default()) {
        common::exercise(&*layout, info);
    }
});
