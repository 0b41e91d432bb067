//! What a user of BLISS reads when a scan is not saved, and what happens to a scan that has to wait.

use std::fs;

use serde_json::{Value as Json, json};
use testing::{TangoDevice, hold, read};

use crate::beamline::Beamline;
use crate::interface::Interface;
use crate::session::Session;

#[test]
fn the_user_sees_why_a_scan_is_not_saved() {
    for interface in Interface::all() {
        the_user_sees_why_a_scan_is_not_saved_by(interface);
    }
}

fn the_user_sees_why_a_scan_is_not_saved_by(interface: Interface) {
    let beamline = Beamline::new();
    let service = interface.serve(&beamline);
    let device = beamline.client().device(interface.device());
    let mut session = interface.session(&beamline);
    let good = beamline.folder().to_owned();

    let directory = match interface {
        Interface::Nexus => "Cannot create directory (Nexus writer FileNotFoundError",
        Interface::Mapping => "Scan writer state is FAULT: ",
    };
    session.save(json!({"base_path": "/proc/nowhere"}));
    assert_refused(&mut session, directory);
    session.save(json!({"base_path": good}));

    // A device of the other class has no such property.
    if interface == Interface::Nexus {
        set_required_space(&device, json!(1e12));
        assert_refused(&mut session, "Free disk space below");
        set_required_space(&device, json!(null));
    }

    device.wait_until("stopped", |device| device.call("stop", json!(null)).is_ok());
    device.wait_for_state("OFF");
    assert_refused(&mut session, "Call the Nexus writer 'start' method");
    device.call("start", json!(null)).unwrap();
    device.wait_for_state("ON");

    let file = session.save(json!({"data_filename": "good"}));
    let scan = session.begin("loopscan", json!([3, 0.01]), &["diode1"]);
    session.finish(&scan).unwrap();
    device.wait_for("scan_state", &scan, "OFF");
    assert!(file.exists());
    beamline.end(service);
}

fn assert_refused(session: &mut Session, text: &str) {
    let scan = session.begin("loopscan", json!([100, 0.05]), &["diode1"]);
    let error = session.finish(&scan).unwrap_err();
    assert!(error.contains(text), "{text:?}: {error}");
}

fn set_required_space(device: &TangoDevice, megabytes: Json) {
    device
        .put_properties(json!({"required_disk_space": megabytes}))
        .unwrap();
    device.wait_until("initialised", |device| {
        device.call("Init", json!(null)).is_ok()
    });
    device.wait_for_state("ON");
}

/// BLISS aborts a scan whose state is FAULT. A scan that waits is not lost, so BLISS has to go on with it.
#[test]
fn a_scan_goes_on_while_its_file_is_locked() {
    for interface in Interface::all() {
        a_scan_goes_on_while_its_file_is_locked_by(interface);
    }
}

fn a_scan_goes_on_while_its_file_is_locked_by(interface: Interface) {
    let beamline = Beamline::new();
    let service = interface.serve(&beamline);
    let device = beamline.client().device(interface.device());
    let mut session = interface.session(&beamline);
    let file = session.save(json!({"data_filename": "locked"}));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let mut holder = hold(&file);
    // Longer than the 3 s between two looks of BLISS at the writer.
    let scan = session.begin("loopscan", json!([100, 0.05]), &["diode1"]);
    device.wait_until("the reason for which the scan waits", |device| {
        let reason = device.call("scan_state_reason", &*scan);
        reason.is_ok_and(|reason| reason.as_str().is_some_and(|text| text.contains("locked")))
    });
    session.finish(&scan).unwrap();
    assert_eq!(device.call("scan_state", &*scan).unwrap(), "ON");
    holder.signal("TERM");
    holder.wait_for("released");
    device.wait_for("scan_state", &scan, "OFF");
    let saved = read(&file, &["1.1/measurement/diode1", "1.1/end_time"]);
    assert_eq!(saved[0].as_array().unwrap().len(), 100);
    assert!(saved[1].is_string(), "{saved}");
    beamline.end(service);
}
