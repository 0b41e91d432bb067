//! Names that are taken, by other channels and by other members of the file.

use nexus::tree::{ByteOrder, ElementType};
use serde_json::{Value as Json, json};

use super::super::dims::ScanDims;
use super::super::subscan::{Subscan, read};
use crate::options::SaveOptions;
use crate::source::{StreamContent, StreamDescription};

fn numbers(name: &str) -> StreamDescription {
    StreamDescription::new(
        name,
        Ok(StreamContent::Numbers {
            element: ElementType::Float(8, ByteOrder::Little),
            shape: Vec::new(),
        }),
    )
}

/// Returns the subscan of a scan with one device that triggers nothing and has these channels and
/// device types.
fn subscan(channels: &[(&str, &str)], more: Json) -> Subscan {
    let names: Vec<&str> = channels.iter().map(|(name, _)| *name).collect();
    let types = channels.iter().map(|(name, device_type)| {
        let published = json!({"device_type": device_type, "data_type": "signal"});
        ((*name).to_owned(), published)
    });
    let mut info = json!({
        "scan_nb": 1,
        "acquisition_chain": {"timer": {"devices": ["0"]}},
        "devices": {"0": {"channels": names}},
        "nexuswriter": {"devices": Json::Object(types.collect())},
    });
    for (key, value) in more.as_object().unwrap() {
        match info.get_mut(key).and_then(Json::as_object_mut) {
            Some(old) => old.extend(value.as_object().unwrap().clone()),
            None => info[key] = value.clone(),
        }
    }
    let options = SaveOptions::default();
    let dims = ScanDims::read(&info, &options);
    let streams: Vec<_> = names.iter().map(|name| numbers(name)).collect();
    read(&info, &streams, &dims, &options).unwrap().remove(0)
}

/// Returns the group, dataset and link of each channel.
fn names(subscan: &Subscan) -> Vec<(&str, &str, &str)> {
    let channels = subscan.channels.iter();
    channels
        .map(|channel| (&*channel.device, &*channel.dataset, &*channel.link))
        .collect()
}

#[test]
fn devices_that_become_equal_have_groups_of_their_own() {
    let channels = [("q:a-b", ""), ("q:a+b", ""), ("q:a_b_1", ""), ("q:a b", "")];
    let subscan = subscan(&channels, json!({}));
    let expected = [
        ("a_b", "data", "a_b"),
        ("a_b_2", "data", "a_b_2"),
        ("a_b_1", "data", "a_b_1"),
        ("a_b_3", "data", "a_b_3"),
    ];
    assert_eq!(names(&subscan), expected);
    assert_eq!(subscan.notices.len(), 2, "{:?}", subscan.notices);
    assert!(subscan.notices[0].contains("\"a+b\""));
}

#[test]
fn a_renamed_device_keeps_its_channels_together() {
    let channels = [
        ("x-y:icr_det0", "mca"),
        ("x-y:ocr_det0", "mca"),
        ("x+y:ocr_det0", "mca"),
        ("x+y:deadtime_det0", "mca"),
    ];
    let subscan = subscan(&channels, json!({}));
    let devices: Vec<&str> = names(&subscan).iter().map(|names| names.0).collect();
    assert_eq!(
        devices,
        ["x_y_det0", "x_y_det0", "x_y_det0_1", "x_y_det0_1"]
    );
    let link = &subscan.channels[2].link;
    assert_eq!(link, "x_y_det0_1_event_count_rate");
}

#[test]
fn datasets_of_one_device_that_become_equal() {
    let channels = [
        ("det:roi.1", "lima2"),
        ("det:roi,1", "lima2"),
        ("det:roi_1_1", "lima2"),
    ];
    let subscan = subscan(&channels, json!({}));
    let expected = [
        ("det", "roi_1", "det_roi_1"),
        ("det", "roi_1_2", "det_roi_1_2"),
        ("det", "roi_1_1", "det_roi_1_1"),
    ];
    assert_eq!(names(&subscan), expected);
}

#[test]
fn links_that_become_equal() {
    let channels = [("d:x_y", ""), ("x:y", "autofilter")];
    let subscan = subscan(&channels, json!({}));
    let expected = [("x_y", "data", "x_y"), ("x", "y", "x_y_1")];
    assert_eq!(names(&subscan), expected);
    assert_eq!(subscan.notices.len(), 1);
}

#[test]
fn devices_leave_other_members_of_the_instrument_alone() {
    let channels = [
        ("q:name", ""),
        ("q:positioners", ""),
        ("q:positioners_start", ""),
        ("q:source", ""),
        ("q:mono", ""),
        ("q:slit", ""),
    ];
    let more = json!({
        "nexuswriter": {"instrument_info": {"name": "id00", "name@short_name": "id00"}},
        "scan_meta_categories": ["instrument"],
        "instrument": {
            "@NX_class": "NXinstrument", ">source": "/elsewhere", "mono": {"energy": 12}, "slit": null,
        },
    });
    let subscan = subscan(&channels, more);
    let devices: Vec<&str> = names(&subscan).iter().map(|names| names.0).collect();
    // Metadata of "mono" go into the group of the device.
    let expected = [
        "name_1",
        "positioners_1",
        "positioners_start_1",
        "source_1",
        "mono",
        "slit",
    ];
    assert_eq!(devices, expected);
    assert_eq!(names(&subscan)[0], ("name_1", "data", "name_1"));
}

#[test]
fn an_alias_gives_way_to_a_dataset() {
    let channels = [("det:frame", "lima2"), ("det:data", "lima2")];
    let subscan = subscan(&channels, json!({}));
    let expected = [("det", "frame", "det"), ("det", "data", "det_data")];
    assert_eq!(names(&subscan), expected);
    assert_eq!(subscan.channels[0].alias, None);
    assert_eq!(subscan.notices, [""; 0]);
}

#[test]
fn channels_of_one_sampling_counter_share_a_group() {
    let info = json!({"nexuswriter": {"devices": {
        "c:d2": {"device_type": "samplingcounter", "data_type": "signal"},
        "c:d2_N": {"device_type": "samplingcounter"},
        "c:odd": {"device_type": "samplingcounter"},
        "c:d2N": {},
    }}});
    let channels = ["c:d2", "c:d2_N", "c:odd", "c:d2N"].map(|name| (name, ""));
    let subscan = subscan(&channels, info);
    let expected = [
        ("d2", "signal", "d2"),
        ("d2", "N", "d2_N"),
        ("", "odd", "odd"),
        ("d2N", "data", "d2N"),
    ];
    assert_eq!(names(&subscan), expected);
    assert_eq!(subscan.channels[0].alias.as_deref(), Some("data"));
    assert_eq!(subscan.channels[2].path("1.1"), "1.1/measurement/odd");
}
