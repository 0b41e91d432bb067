//! Layouts that are computed from the info of a scan.
#![no_main]

mod common;

use libfuzzer_sys::fuzz_target;
use nexus::tree::{ByteOrder, ElementType};
use serde_json::Value;
use writer::layout::{ClassicLayout, ScanDescription};
use writer::options::SaveOptions;
use writer::source::{DataModel, StreamContent, StreamDescription};

/// Returns a stream for each channel of the info.
fn streams(info: &Value) -> Vec<StreamDescription> {
    let channels = info.get("channels").and_then(Value::as_object);
    let channels = channels.into_iter().flatten();
    let described = channels.map(|(name, channel)| {
        let dimensions = channel.get("dim").and_then(Value::as_u64).unwrap_or(0);
        let content = StreamContent::Numbers {
            element: ElementType::Float(8, ByteOrder::Little),
            shape: vec![Some(4); dimensions.min(4) as usize],
        };
        StreamDescription::new(name.clone(), Ok(content))
    });
    described.collect()
}

fuzz_target!(|text: &[u8]| {
    let Ok(info) = blissdata::json::parse(text) else {
        return;
    };
    let info = info.value;
    let streams = streams(&info);
    for (flat, model) in [(true, DataModel::Blissdata), (false, DataModel::Node)] {
        let options = SaveOptions {
            flat,
            multivalue_positioners: !flat,
            ..SaveOptions::default()
        };
        let scan = ScanDescription::new(model, &info, &streams);
        if let Ok(Some(layout)) = ClassicLayout::new(&scan, &options) {
            common::exercise(&layout, info.clone());
        }
    }
});
