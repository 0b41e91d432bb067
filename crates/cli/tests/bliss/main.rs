//! The service on a beamline: a session of BLISS scans, finds the device in the Tango database of its Beacon
//! server, and calls it as BLISS does. Only the hardware is emulated.
//!
//! `./dev bliss` installs the necessary programs and runs these tests.

#![allow(clippy::unwrap_used, reason = "tests")]

mod beamline;
mod interface;
mod refusals;
mod session;

use serde_json::json;
use testing::{output, python, read};

use crate::beamline::Beamline;
use crate::interface::Interface;

#[test]
fn the_scans_of_a_session_are_saved() {
    for interface in Interface::all() {
        the_scans_of_a_session_are_saved_by(interface);
    }
}

fn the_scans_of_a_session_are_saved_by(interface: Interface) {
    let beamline = Beamline::new();
    let service = interface.serve(&beamline);
    let mut session = interface.session(&beamline);
    let file = session.save(json!({}));
    let mut saved = Vec::new();
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
        let id = session.begin(scan, arguments, &detectors);
        session.finish(&id).unwrap();
        // BLISS does not save a count.
        if scan != "ct" {
            saved.push(id);
        }
    }
    let device = beamline.client().device(interface.device());
    for scan in &saved {
        device.wait_for("scan_state", scan, "OFF");
        let reason = device.call("scan_state_reason", &**scan).unwrap();
        assert_eq!(reason, interface.saved());
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
fn points_before_the_user_stops_the_scan_are_saved() {
    for interface in Interface::all() {
        points_before_the_user_stops_the_scan_are_saved_by(interface);
    }
}

fn points_before_the_user_stops_the_scan_are_saved_by(interface: Interface) {
    let beamline = Beamline::new();
    let service = interface.serve(&beamline);
    let mut session = interface.session(&beamline);
    let file = session.save(json!({}));
    let scan = session.begin("loopscan", json!([10_000, 0.02]), &["diode1"]);
    beamline.wait_for_points(&file, "1.1/measurement/diode1", 5);
    session.interrupt(&scan);
    assert_eq!(session.finish(&scan).unwrap_err(), "interrupted");
    beamline
        .client()
        .device(interface.device())
        .wait_for("scan_state", &scan, "OFF");
    let saved = read(&file, &["1.1/measurement/diode1", "1.1/end_time"]);
    assert!(saved[0].as_array().unwrap().len() >= 5);
    assert!(saved[1].is_string(), "{saved}");
    beamline.end(service);
}

#[test]
fn scans_may_run_at_once() {
    for interface in Interface::all() {
        scans_may_run_at_once_by(interface);
    }
}

fn scans_may_run_at_once_by(interface: Interface) {
    let beamline = Beamline::new();
    let service = interface.serve(&beamline);
    let mut session = interface.session(&beamline);
    let file = session.save(json!({}));
    let mut begin = |detector| session.begin("loopscan", json!([20, 0.02]), &[detector]);
    let scans = [begin("diode1"), begin("diode2"), begin("diode1")];
    for scan in &scans {
        session.finish(scan).unwrap();
    }
    let device = beamline.client().device(interface.device());
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
    for interface in Interface::all() {
        a_writer_that_dies_comes_back_to_the_scan_by(interface);
    }
}

fn a_writer_that_dies_comes_back_to_the_scan_by(interface: Interface) {
    let beamline = Beamline::new();
    let service = interface.serve(&beamline);
    let mut session = interface.session(&beamline);
    let file = session.save(json!({}));
    let diode = "1.1/measurement/diode1";
    let scan = session.begin("loopscan", json!([100, 0.05]), &["diode1"]);
    let before = beamline.wait_for_points(&file, diode, 5);
    service.signal("KILL");
    service.end();
    let service = interface.serve(&beamline);
    // BLISS may have called the device while it was away, and have aborted the scan.
    let outcome = session.finish(&scan);
    let device = beamline.client().device(interface.device());
    device.wait_for("scan_state", &scan, "OFF");
    let saved = read(&file, &[diode, "1.1/end_time"]);
    let points = saved[0].as_array().unwrap().len();
    match outcome {
        Ok(()) => assert_eq!(points, 100),
        Err(error) => {
            assert!(
                error.contains("Cannot check Nexus writer")
                    || error.contains("Cannot retrieve Nexus writer"),
                "{error}"
            );
            assert!(points >= before, "{points} of {before}");
        }
    }
    assert!(saved[1].is_string(), "{saved}");
    let next = session.begin("loopscan", json!([3, 0.01]), &["diode1"]);
    session.finish(&next).unwrap();
    device.wait_for("scan_state", &next, "OFF");
    beamline.end(service);
}
