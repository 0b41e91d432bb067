//! The service on a beamline with BLISS 1.11: a session of it scans and calls a device, while the writer of that
//! release saves the same scans into other files. Both files have to be equal.
//!
//! `./dev bliss1` installs the necessary programs and runs these tests.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../bliss/beamline.rs"]
mod beamline;
mod original;
#[path = "../bliss/session.rs"]
mod session;

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use testing::{output, python, read};

use crate::beamline::{Beamline, DEVICE, bliss};
use crate::original::{OriginalWriter, Writer};
use crate::session::Session;

/// Shows that the beamline works, and that files are compared which can be equal.
#[test]
fn two_writers_of_bliss_save_the_same() {
    let beamline = Beamline::new();
    let mut original = OriginalWriter::start(&beamline);
    let service = beamline.serve_with(&bliss("NexusWriterService"));
    let file = save_scans(&beamline, &mut original);
    assert_has_scans(&beamline, &file);
    original.assert_equal_to(Writer::Original);
    service.signal("TERM");
    service.end();
}

#[test]
fn scans_are_saved_as_by_the_writer_of_bliss() {
    let beamline = Beamline::new();
    let mut original = OriginalWriter::start(&beamline);
    let service = beamline.serve();
    let file = save_scans(&beamline, &mut original);
    assert_has_scans(&beamline, &file);
    original.assert_equal_to(Writer::Ours);
    beamline.end(service);
}

/// Runs scans of each kind, of which the last is interrupted and saved only in part. Returns their file when both
/// writers have finished.
fn save_scans(beamline: &Beamline, original: &mut OriginalWriter) -> PathBuf {
    let mut session = beamline.session();
    let file = session.save(json!({"base_path": original.folder()}));
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
    interrupt_timescan(&mut session);
    let scans = ["1_ascan", "2_amesh", "3_loopscan", "4_timescan"];
    let device = beamline.client().device(DEVICE);
    for scan in scans {
        device.wait_for("scan_state", scan, "OFF");
        let reason = device.call("scan_state_reason", scan).unwrap();
        assert_eq!(reason, "Finished succesfully", "{scan}");
    }
    original.wait_until_saved(&scans);
    file
}

/// Runs a scan without an end, and stops it as a user does.
fn interrupt_timescan(session: &mut Session) {
    let scan = session.begin("timescan", json!([0.02]), &["diode1"]);
    session
        .request(&json!({"do": "wait_for_points", "scan": scan, "points": 5}))
        .unwrap();
    session.interrupt(&scan);
    assert_eq!(session.finish(&scan).unwrap_err(), "interrupted");
}

/// Expects what does not depend on the writer of BLISS.
fn assert_has_scans(beamline: &Beamline, file: &Path) {
    const SHAPES: &str = "
import json, sys, h5py
with h5py.File(sys.argv[1], 'r') as file:
    print(json.dumps({
        name: {key: data.shape for key, data in entry['measurement'].items() if key in sys.argv[2:]}
        for name, entry in file.items() if name != '4.1'
    }))
";
    let names = ["roby", "robz", "diode1", "diode2", "mca1_det0"];
    let mut python = python();
    let found = output(python.args(["-c", SHAPES]).arg(file).args(names));
    let found: Json = serde_json::from_str(&found).unwrap();
    assert_eq!(
        found,
        json!({
            "1.1": {"roby": [11], "diode1": [11], "diode2": [11]},
            "2.1": {"roby": [12], "robz": [12], "diode1": [12]},
            "3.1": {"diode2": [5], "mca1_det0": [5, 1024]},
        })
    );
    let axis = read(file, &["1.1/measurement/roby", "1.1/title"]);
    assert_eq!(axis[0][10], 1.0);
    assert_eq!(axis[1], "ascan roby 0.0000 1.0000 10 0.01");
    beamline.wait_for_points(file, "4.1/measurement/diode1", 5);
}
