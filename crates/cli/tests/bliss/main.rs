//! The service on a beamline: a session of BLISS scans, finds the device in the Tango database of its Beacon
//! server, and calls it as BLISS does. Only the hardware is emulated.
//!
//! `./dev bliss` installs the necessary programs and runs these tests.

#![allow(clippy::unwrap_used, reason = "tests")]

mod beamline;
mod session;

use std::fs;

use serde_json::json;
use testing::{hold, output, python, read};

use crate::beamline::{Beamline, DEVICE};

#[test]
fn the_scans_of_a_session_are_saved() {
    let beamline = Beamline::new();
    let service = beamline.serve();
    let mut session = beamline.session();
    let file = session.save(json!({}));
    for (scan, arguments, detectors) in [
        (
            "ascan",
            json!(["roby", 0, 1, 10, 0.01]),
            vec!["diode1", "diode2"],
        ),
        (
            "amesh",
            json!(["roby", 0, 1, 3, "robz", 0, 1, 2, 0.01]),
            vec!["diode1"],
        ),
        ("loopscan", json!([5, 0.05]), vec!["diode2", "mca1"]),
        ("ct", json!([0.01]), vec!["diode1"]),
    ] {
        let scan = session.begin(scan, arguments, &detectors);
        session.finish(&scan).unwrap();
    }
    let device = beamline.client().device(DEVICE);
    for scan in ["1_ascan", "2_amesh", "3_loopscan"] {
        device.wait_for("scan_state", scan, "OFF");
        let reason = device.call("scan_state_reason", scan).unwrap();
        assert_eq!(reason, "Finished succesfully");
    }
    let shapes = "
import json, sys, h5py
with h5py.File(sys.argv[1], 'r') as file:
    print(json.dumps({
        name: {key: data.shape for key, data in entry['measurement'].items() if key in sys.argv[2:]}
        for name, entry in file.items()
    }))
";
    let names = ["roby", "robz", "diode1", "diode2", "mca1_det0"];
    let found = output(python().args(["-c", shapes]).arg(&file).args(names));
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    assert_eq!(
        found,
        json!({
            "1.1": {"roby": [11], "diode1": [11], "diode2": [11]},
            "2.1": {"roby": [12], "robz": [12], "diode1": [12]},
            "3.1": {"diode2": [5], "mca1_det0": [5, 1024]},
        })
    );
    let axis = read(&file, &["1.1/measurement/roby", "1.1/title"]);
    assert_eq!(axis[0][10], 1.0);
    // How many digits there are depends on the release of BLISS.
    let title = axis[1].as_str().unwrap();
    assert!(title.starts_with("ascan roby 0.0"), "{title}");
    assert!(title.ends_with(" 10 0.01"), "{title}");
    beamline.end(service);
}

#[test]
fn the_user_sees_why_a_scan_is_not_saved() {
    let beamline = Beamline::new();
    let service = beamline.serve();
    let device = beamline.client().device(DEVICE);
    let mut session = beamline.session();
    let good = beamline.folder().to_owned();
    let mut assert_refused = |text: &str, where_: serde_json::Value| {
        let file = session.save(where_);
        let scan = session.begin("loopscan", json!([100, 0.05]), &["diode1"]);
        let error = session.finish(&scan).unwrap_err();
        assert!(error.contains(text), "{text:?}: {error}");
        file
    };

    assert_refused(
        "Cannot create directory (Nexus writer FileNotFoundError",
        json!({"base_path": "/proc/nowhere"}),
    );

    let locked = good.join("demo/locked.h5");
    fs::create_dir_all(locked.parent().unwrap()).unwrap();
    let holder = hold(&locked);
    let file = assert_refused(
        "Nexus writer is in FAULT state (The Nexus file is locked",
        json!({"base_path": good, "data_filename": "locked"}),
    );
    assert_eq!(file, locked);
    holder.signal("TERM");
    holder.end();

    let space = json!({"required_disk_space": 1e12});
    device.put_properties(space).unwrap();
    device.wait_until("initialised", |device| {
        device.call("Init", json!(null)).is_ok()
    });
    device.wait_for_state("ON");
    assert_refused("Free disk space below", json!({}));
    device
        .put_properties(json!({"required_disk_space": null}))
        .unwrap();
    device.wait_until("initialised", |device| {
        device.call("Init", json!(null)).is_ok()
    });
    device.wait_for_state("ON");

    device.wait_until("stopped", |device| device.call("stop", json!(null)).is_ok());
    device.wait_for_state("OFF");
    assert_refused("Call the Nexus writer 'start' method", json!({}));
    device.call("start", json!(null)).unwrap();
    device.wait_for_state("ON");

    let file = session.save(json!({"data_filename": "good"}));
    let scan = session.begin("loopscan", json!([3, 0.01]), &["diode1"]);
    session.finish(&scan).unwrap();
    device.wait_for("scan_state", &scan, "OFF");
    assert!(file.exists());
    beamline.end(service);
}

#[test]
fn points_before_the_user_stops_the_scan_are_saved() {
    let beamline = Beamline::new();
    let service = beamline.serve();
    let mut session = beamline.session();
    let file = session.save(json!({}));
    let scan = session.begin("loopscan", json!([10_000, 0.02]), &["diode1"]);
    beamline.wait_for_points(&file, "1.1/measurement/diode1", 5);
    session.interrupt(&scan);
    assert_eq!(session.finish(&scan).unwrap_err(), "interrupted");
    beamline
        .client()
        .device(DEVICE)
        .wait_for("scan_state", &scan, "OFF");
    let saved = read(&file, &["1.1/measurement/diode1", "1.1/end_time"]);
    assert!(saved[0].as_array().unwrap().len() >= 5);
    assert!(saved[1].is_string(), "{saved}");
    beamline.end(service);
}

#[test]
fn scans_may_run_at_once() {
    let beamline = Beamline::new();
    let service = beamline.serve();
    let mut session = beamline.session();
    let file = session.save(json!({}));
    let mut begin = |detector| session.begin("loopscan", json!([20, 0.02]), &[detector]);
    let scans = [begin("diode1"), begin("diode2"), begin("diode1")];
    for scan in &scans {
        session.finish(scan).unwrap();
    }
    let device = beamline.client().device(DEVICE);
    for scan in &scans {
        device.wait_for("scan_state", scan, "OFF");
    }
    for path in [
        "1.1/measurement/diode1",
        "2.1/measurement/diode2",
        "3.1/measurement/diode1",
    ] {
        assert_eq!(read(&file, &[path])[0].as_array().unwrap().len(), 20);
    }
    beamline.end(service);
}

#[test]
fn a_writer_that_dies_comes_back_to_the_scan() {
    let beamline = Beamline::new();
    let service = beamline.serve();
    let mut session = beamline.session();
    let file = session.save(json!({}));
    let diode = "1.1/measurement/diode1";
    let scan = session.begin("loopscan", json!([100, 0.05]), &["diode1"]);
    let before = beamline.wait_for_points(&file, diode, 5);
    service.signal("KILL");
    service.end();
    let service = beamline.serve();
    // BLISS may have called the device while it was away, and have aborted the scan.
    let outcome = session.finish(&scan);
    let device = beamline.client().device(DEVICE);
    device.wait_for("scan_state", &scan, "OFF");
    let saved = read(&file, &[diode, "1.1/end_time"]);
    let points = saved[0].as_array().unwrap().len();
    match outcome {
        Ok(()) => assert_eq!(points, 100),
        Err(error) => {
            assert!(error.contains("Cannot check Nexus writer"), "{error}");
            assert!(points >= before, "{points} of {before}");
        }
    }
    assert!(saved[1].is_string(), "{saved}");
    let next = session.begin("loopscan", json!([3, 0.01]), &["diode1"]);
    session.finish(&next).unwrap();
    device.wait_for("scan_state", &next, "OFF");
    beamline.end(service);
}
