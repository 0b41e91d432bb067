//! Names by type: examples from existing files.

use serde_json::json;

use super::super::names::normalised;
use super::*;

fn described<'a>(
    device_type: &'a str,
    name: &'a str,
    data_type: &'a str,
) -> ChannelDescription<'a> {
    ChannelDescription {
        name,
        short: name.rsplit(':').next().unwrap(),
        device_type,
        data_type,
        element: None,
        multivalue: false,
    }
}

/// Returns the path below `instrument` and the name in `measurement`, as a file has them.
fn names(channel: &ChannelDescription) -> (String, String) {
    let names = channel_names(channel);
    let path = format!(
        "{}/{}",
        normalised(&names.device),
        normalised(&names.dataset)
    );
    (path, normalised(&names.link()))
}

#[test]
fn each_type_has_its_names() {
    for (device_type, name, path, link) in [
        (
            "mca",
            "simu1:spectrum_det0",
            "simu1_det0/spectrum",
            "simu1_det0",
        ),
        (
            "mca",
            "simu1:icr_det0",
            "simu1_det0/trigger_count_rate",
            "simu1_det0_trigger_count_rate",
        ),
        (
            "mca",
            "simu1:roi1_det0",
            "simu1_det0/roi1",
            "simu1_det0_roi1",
        ),
        ("mca", "simu1:roi1", "simu1_sum/roi1", "simu1_sum_roi1"),
        (
            "mca",
            "realtime_det3",
            "det3/elapsed_time",
            "det3_elapsed_time",
        ),
        ("mosca", "x:spectrum:det00", "x_det0/spectrum", "x_det0"),
        (
            "mosca",
            "x:stat:energy_livetime_det12",
            "x_det12/live_time",
            "x_det12_live_time",
        ),
        ("lima", "cam:image", "cam/image", "cam"),
        ("lima", "cam:roi_counters:r_1_sum", "cam_r_1/sum", "cam_r_1"),
        (
            "lima",
            "cam:roi_counters:r_1_avg",
            "cam_r_1/avg",
            "cam_r_1_avg",
        ),
        ("lima", "cam:roi_profiles:p1", "cam_p1/sum", "cam_p1"),
        (
            "lima",
            "cam:roi_collection:roi_collection_counter",
            "cam_roi_collection/sum",
            "cam_roi_collection",
        ),
        ("lima", "cam:bpm:x", "cam_bpm/x", "cam_bpm_x"),
        ("lima2", "det:frame", "det/frame", "det"),
        (
            "lima2",
            "det:roi_stats:r1_avg",
            "det/roi_stats_r1_avg",
            "det_roi_stats_r1_avg",
        ),
        ("mythen", "mythen1:spectrum", "mythen1/spectrum", "mythen1"),
        ("mythen", "mythen1:roi1", "mythen1/roi1", "mythen1_roi1"),
        ("autofilter", "filt:transm", "filt/transm", "filt_transm"),
        ("samplingcounter", "ctl:d2_N", "d2/N", "d2_N"),
        ("samplingcounter", "ctl:d2_std", "d2/std", "d2_std"),
        ("", "ctl:d2", "d2/data", "d2"),
        ("keithley", "ctl:d2", "d2/data", "d2"),
    ] {
        let expected = (path.to_owned(), link.to_owned());
        assert_eq!(names(&described(device_type, name, "")), expected, "{name}");
    }
}

#[test]
fn the_signal_of_a_sampling_counter() {
    let names = channel_names(&described("samplingcounter", "ctl:d2", "signal"));
    assert!(names.is_principal());
    assert_eq!((&*names.device, &*names.dataset), ("d2", "signal"));
    assert_eq!(names.link(), "d2");
}

#[test]
fn positioners_share_a_group_on_demand() {
    let elapsed = described("positionergroup", "timer:elapsed_time", PRINCIPAL);
    let epoch = described("positionergroup", "timer:epoch", "");
    let pair = |path: &str, link: &str| (path.to_owned(), link.to_owned());
    assert_eq!(names(&elapsed), pair("elapsed_time/value", "elapsed_time"));
    assert_eq!(names(&epoch), pair("epoch/value", "epoch"));
    assert!(!channel_names(&epoch).is_principal());
    let shared = |channel| ChannelDescription {
        multivalue: true,
        ..channel
    };
    assert_eq!(names(&shared(elapsed)), pair("timer/value", "timer"));
    assert_eq!(names(&shared(epoch)), pair("timer/epoch", "timer_epoch"));
    let roby = described("positioner", "axis:roby", "");
    assert!(channel_names(&roby).is_principal());
    assert_eq!(names(&shared(roby)), pair("roby/value", "roby"));
}

#[test]
fn regions_of_mosca_detectors() {
    for (name, element, path) in [
        ("x:roi:Cu_sum_1_4", json!([1, 4]), "x_sum_1_4/Cu"),
        ("x:roi:Cu_sum_all", json!(-1), "x_sum_all/Cu"),
        ("x:roi:Cu_det02", json!(2), "x_det2/Cu"),
    ] {
        let channel = ChannelDescription {
            element: Some(&element),
            ..described("mosca", name, "")
        };
        assert_eq!(names(&channel).0, path);
    }
}

#[test]
fn units_follow_the_type_of_the_data() {
    let units = |name| channel_names(&described("mca", name, "")).units;
    assert_eq!(units("x:icr_det0"), Units::OfType(Some("hertz")));
    assert_eq!(units("x:energy_livetime_det0"), Units::OfType(Some("s")));
    assert_eq!(units("x:trigger_livetime_det0"), Units::OfType(Some("s")));
    assert_eq!(units("x:realtime_det0"), Units::OfType(Some("s")));
    assert_eq!(units("x:ocr_det0"), Units::OfType(None));
    assert_eq!(units("x:spectrum_det0"), Units::OfType(None));
}

#[test]
fn metadata_of_regions_are_selected() {
    let selection = |name| channel_names(&described("lima", name, "")).selection;
    assert_eq!(
        selection("cam:roi_counters:r_1_sum").as_deref(),
        Some("r_1")
    );
    assert_eq!(selection("cam:roi_profiles:p1").as_deref(), Some("p1"));
    let counter = "cam:roi_collection:roi_collection_counter";
    assert_eq!(
        selection(counter).as_deref(),
        Some("roi_collection_counter")
    );
    assert_eq!(selection("cam:bpm:x"), None);
    assert_eq!(selection("cam:image"), None);
}

#[test]
fn channels_that_break_the_rules_of_their_type_have_a_name() {
    for (device_type, name, path) in [
        ("mosca", "x:other:y", "y/data"),
        ("mosca", "det00", "det00/data"),
        ("mosca", "x:spectrum:detector", "detector/data"),
        ("mosca", "x:spectrum:d\u{e9}", "d_/data"),
        ("mosca", "x:stat:det00", "det00/data"),
        ("mosca", "x:roi:Cu_det00", "Cu_det00/data"),
        ("autofilter", "transm", "transm/data"),
        ("autofilter", "a:b:transm", "transm/data"),
        ("lima", "cam:roi_counters:r_", "r_/data"),
        ("lima", "cam", "cam/data"),
        ("lima2", "det", "det/data"),
        ("mythen", ":", "_/data"),
        ("samplingcounter", "ctl:d2_", "d2_/data"),
        ("mca", "", "_/data"),
    ] {
        assert_eq!(names(&described(device_type, name, "")).0, path, "{name}");
    }
}

#[test]
fn a_companion_of_no_counter_belongs_into_measurement() {
    let names = channel_names(&described("samplingcounter", "ctl:temperature", ""));
    assert_eq!((&*names.device, &*names.dataset), ("", "temperature"));
}
