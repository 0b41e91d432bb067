//! The commands and attributes of the device NexusWriter: texts, lists, refusals.

use std::path::Path;

use serde_json::{Value as Json, json};
use testing::TangoDevice;

use crate::fixture::Fixture;
use crate::live_scan::ScanPlan;

const SCAN_COMMANDS: &[&str] = &[
    "scan_state",
    "scan_state_reason",
    "scan_url",
    "scan_has_write_permissions",
    "scan_has_required_disk_space",
    "scan_disk_space_error",
    "scan_disk_space_warning",
];

#[tokio::test]
async fn scans_that_are_not_known() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve(json!({}));
    assert_eq!(device.call("scan_exists", "1_ascan").unwrap(), false);
    assert_eq!(device.call("scan_exists", "").unwrap(), false);
    for command in SCAN_COMMANDS {
        assert_unknown(&device, command, "1_ascan");
    }
    for command in &SCAN_COMMANDS[3..] {
        assert_unknown(&device, command, "");
    }
    assert_eq!(device.call("scan_state", "").unwrap(), "UNKNOWN");
    assert_eq!(device.call("scan_state_reason", "").unwrap(), "");
    assert_eq!(device.call("scan_url", "").unwrap(), json!([]));
    // A name may contain any character.
    assert_unknown(&device, "scan_state", "it's");
}

fn assert_unknown(device: &TangoDevice, command: &str, scan: &str) {
    let failure = device.call(command, scan).unwrap_err();
    // Quoted as in Python.
    let quoted = match scan.contains('\'') {
        true => format!("\"{scan}\""),
        false => format!("'{scan}'"),
    };
    let text = format!("ValueError: No subscriber for scan {quoted} exists");
    assert_eq!(failure.desc(), text, "{command}");
    assert_eq!(failure.kind, "DevFailed");
    assert_eq!(failure.first().reason, "PyDs_PythonError");
    assert_eq!(failure.first().severity, "ERR");
    assert_eq!(failure.errors.last().unwrap().reason, "API_CommandFailed");
}

#[tokio::test]
async fn directories() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve(json!({}));
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let made = fixture.file("a/b/c");
    device.call("makedirs", text(&made)).unwrap();
    assert!(made.is_dir());
    device.call("makedirs", text(&made)).unwrap();
    let failure = device.call("makedirs", "a/b").unwrap_err();
    assert_eq!(failure.desc(), "ValueError: Path must be absolute");
    let file = fixture.file("file");
    std::fs::write(&file, "").unwrap();
    let failure = device.call("makedirs", text(&file)).unwrap_err();
    let expected = format!("FileExistsError: [Errno 17] File exists: '{}'", text(&file));
    assert_eq!(failure.desc(), expected);
    let below = file.join("below");
    let failure = device.call("makedirs", text(&below)).unwrap_err();
    let expected = format!(
        "NotADirectoryError: [Errno 20] Not a directory: '{}'",
        text(&below)
    );
    assert_eq!(failure.desc(), expected);
    // Names of files are in UTF-8, though Tango sends Latin-1.
    let odd = fixture.file("\u{e9}t\u{e9}");
    device.call("makedirs", text(&odd)).unwrap();
    let names: Vec<_> = std::fs::read_dir(fixture.folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        names.contains(&odd.file_name().unwrap().to_owned()),
        "{names:?}"
    );
}

#[tokio::test]
async fn the_service_is_not_stopped_while_a_scan_runs() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve(json!({}));
    let mut scan = ScanPlan::new(&fixture.file("a.h5"))
        .create(&fixture.store)
        .await;
    device.wait_for_state("RUNNING");
    let text = "RuntimeError: Cannot stop session subscriber when scans are running";
    for command in ["stop", "Init"] {
        let failure = device.call(command, Json::Null).unwrap_err();
        assert_eq!(failure.desc(), text);
        assert_eq!(failure.first().reason, "PyDs_PythonError");
        let by_init = failure.has_reason("API_InitThrowsException");
        assert_eq!(by_init, command == "Init", "{failure}");
        assert_eq!(device.state().unwrap(), "RUNNING");
        assert_eq!(device.status().unwrap(), "Subscribed to Redis");
    }
    // `start` has no effect.
    device.call("start", Json::Null).unwrap();
    assert_eq!(device.state().unwrap(), "RUNNING");
    scan.run(3).await;
    device.wait_for("scan_state", &scan.name, "OFF");
    device.wait_for_state("ON");
    // The state of the scan is known after the restart.
    device.call("Init", Json::Null).unwrap();
    device.wait_for_state("ON");
    assert_eq!(device.call("scan_state", &*scan.name).unwrap(), "OFF");
}

#[tokio::test]
async fn lists_without_scans() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve(json!({}));
    for attribute in LISTS {
        assert_eq!(device.read(attribute).unwrap(), json!([]), "{attribute}");
    }
    assert_eq!(device.read("State").unwrap(), "ON");
    assert_eq!(device.read("Status").unwrap(), "Subscribed to Redis");
}

const LISTS: &[&str] = &[
    "scan_states",
    "scan_urls",
    "scan_names",
    "scan_start",
    "scan_end",
    "scan_info",
    "scan_duration",
    "scan_progress",
    "scan_states_info",
];

#[tokio::test]
async fn lists_of_scans() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve(json!({}));
    let file = fixture.file("a.h5");
    let mut first = ScanPlan::new(&file).number(9).create(&fixture.store).await;
    device.wait_for("scan_state", &first.name, "ON");
    assert_eq!(
        lines(&device, "scan_states_info"),
        ["9_loopscan: ON Subscribed to Redis"]
    );
    first.start().await;
    wait_for_line(&device, "scan_progress", "9_loopscan: 0pts-0pts");
    first.send(2).await;
    wait_for_line(&device, "scan_progress", "9_loopscan: 2pts-2pts");
    assert_eq!(
        lines(&device, "scan_urls"),
        [format!("9_loopscan: ['{}']", first.url())]
    );
    assert_eq!(lines(&device, "scan_end"), ["9_loopscan: not finished"]);
    let info = &lines(&device, "scan_info")[0];
    assert!(
        info.starts_with("9_loopscan: ON 2pts-2pts 16.0B duration: 0:00:0"),
        "{info}"
    );
    assert!(info.ends_with(" end: not finished (delay: NaN)"), "{info}");
    first.send(1).await;
    first.end("SUCCESS").await;
    device.wait_for("scan_state", &first.name, "OFF");

    // The columns of several scans are aligned.
    let mut second = ScanPlan::new(&file).number(10).create(&fixture.store).await;
    second.start().await;
    second.send(1).await;
    wait_for_line(&device, "scan_progress", "10_loopscan: 1pts-1pts");
    assert_eq!(lines(&device, "scan_names"), ["9_loopscan", "10_loopscan"]);
    assert_eq!(device.read("scan_states").unwrap(), json!(["OFF", "ON"]));
    assert_eq!(
        lines(&device, "scan_progress"),
        [" 9_loopscan: 3pts-3pts", "10_loopscan: 1pts-1pts"]
    );
    assert_eq!(
        lines(&device, "scan_states_info"),
        [
            " 9_loopscan: OFF Finished succesfully",
            "10_loopscan:  ON Subscribed to Redis "
        ]
    );
    assert_eq!(
        lines(&device, "scan_urls"),
        [
            format!(" 9_loopscan: ['{}'] ", first.url()),
            format!("10_loopscan: ['{}']", second.url())
        ]
    );
    let end = lines(&device, "scan_end");
    assert_is_time(&end[0], " 9_loopscan: ");
    assert_eq!(end[1], "10_loopscan: not finished       ");
    for (line, scan) in lines(&device, "scan_start").iter().zip([" 9", "10"]) {
        assert_is_time(line, &format!("{scan}_loopscan: "));
    }
    second.end("SUCCESS").await;
    device.wait_for("scan_state", &second.name, "OFF");
    for (line, scan) in lines(&device, "scan_duration").iter().zip([" 9", "10"]) {
        let duration = line.strip_prefix(&format!("{scan}_loopscan: 0:00:0"));
        assert!(duration.is_some(), "{line}");
    }
    for line in lines(&device, "scan_info") {
        let parts = [
            " OFF ",
            "pts-",
            "B duration: 0:00:",
            " start: 20",
            " (delay: ",
            " + ",
            " end: 20",
        ];
        for part in parts {
            assert!(line.contains(part), "{part} is not in {line}");
        }
    }
}

#[tokio::test]
async fn scans_of_which_nothing_is_written() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve(json!({}));
    let plan = ScanPlan::new(&fixture.file("a.h5")).unsaved();
    let mut scan = plan.create(&fixture.store).await;
    assert_eq!(scan.name, "_1_loopscan");
    device.wait_for("scan_exists", &scan.name, true);
    scan.run(3).await;
    device.wait_for("scan_state", &scan.name, "OFF");
    assert!(!scan.file.exists());
    assert_eq!(
        device.call("scan_state_reason", &*scan.name).unwrap(),
        "Finished succesfully"
    );
    device.wait_for_state("ON");
}

#[tokio::test]
async fn a_scan_of_the_same_name() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve(json!({}));
    for file in ["a.h5", "b.h5"] {
        let mut scan = ScanPlan::new(&fixture.file(file))
            .create(&fixture.store)
            .await;
        device.wait_for("scan_state", &scan.name, "ON");
        scan.run(3).await;
        device.wait_for("scan_state", &scan.name, "OFF");
        assert_eq!(
            device.call("scan_url", &*scan.name).unwrap(),
            json!([scan.url()])
        );
        assert_eq!(device.read("scan_names").unwrap(), json!([scan.name]));
    }
}

#[tokio::test]
async fn levels() {
    const LEVELS: &[&str] = &["writer_log_level", "tango_log_level"];
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve(json!({}));
    // As on the command line: `--log=info`.
    assert_eq!(device.read("writer_log_level").unwrap(), 2);
    assert_eq!(device.read("resource_profiling").unwrap(), 0);
    for attribute in LEVELS {
        for level in 1..=5 {
            device.write(attribute, level).unwrap();
            assert_eq!(device.read(attribute).unwrap(), level, "{attribute}");
        }
    }
    // NOTSET sets the default level.
    device.write("writer_log_level", 0).unwrap();
    assert_eq!(device.read("writer_log_level").unwrap(), 3);
    device.write("tango_log_level", 0).unwrap();
    assert_eq!(device.read("tango_log_level").unwrap(), 0);
    device.write("resource_profiling", 2).unwrap();
    for attribute in ["writer_log_level", "tango_log_level", "resource_profiling"] {
        let failure = device.write(attribute, 77).unwrap_err();
        assert!(failure.has_reason("API_WAttrOutsideLimit"), "{failure}");
    }
    device.call("stop", Json::Null).unwrap();
    device.call("start", Json::Null).unwrap();
    device.call("Init", Json::Null).unwrap();
    assert_eq!(device.read("resource_profiling").unwrap(), 2);
}

#[tokio::test]
async fn properties_are_read_again_by_start_and_init() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve(json!({}));
    let mut number = 0;
    for (command, megabytes) in [("start", 1e12), ("Init", 2e12)] {
        device
            .put_properties(json!({"recommended_disk_space": megabytes}))
            .unwrap();
        if command == "start" {
            device.call("stop", Json::Null).unwrap();
        }
        device.call(command, Json::Null).unwrap();
        device.wait_for_state("ON");
        number += 1;
        let plan = ScanPlan::new(&fixture.file("a.h5")).number(number);
        let mut scan = plan.create(&fixture.store).await;
        scan.start().await;
        let text = format!("Free disk space below {megabytes} MB");
        device.wait_for("scan_exists", &scan.name, true);
        device.wait_for("scan_disk_space_warning", &scan.name, text);
        scan.end("SUCCESS").await;
        device.wait_for("scan_state", &scan.name, "OFF");
    }
}

#[tokio::test]
async fn finished_scans_are_forgotten_on_demand() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve(json!({}));
    let mut scan = ScanPlan::new(&fixture.file("a.h5"))
        .create(&fixture.store)
        .await;
    scan.run(3).await;
    device.wait_for_state("ON");
    device.wait_for("scan_state", &scan.name, "OFF");
    device.call("purge_scans", Json::Null).unwrap();
    // A scan that has just ended is not forgotten, so that clients can ask for it.
    assert_eq!(device.call("scan_exists", &*scan.name).unwrap(), true);
    device.wait_until("purged", |device| {
        device.call("purge_scans", Json::Null).unwrap();
        device.call("scan_exists", &*scan.name).unwrap() == false
    });
    assert_eq!(device.read("scan_names").unwrap(), json!([]));
}

fn lines(device: &TangoDevice, attribute: &str) -> Vec<String> {
    serde_json::from_value(device.read(attribute).unwrap()).unwrap()
}

fn wait_for_line(device: &TangoDevice, attribute: &str, line: &str) {
    device.wait_until(line, |device| {
        let words = line.split_whitespace();
        let lines = lines(device, attribute);
        lines
            .iter()
            .any(|line| line.split_whitespace().eq(words.clone()))
    });
}

fn assert_is_time(line: &str, start: &str) {
    let time = line.strip_prefix(start).unwrap_or_else(|| panic!("{line}"));
    let shape: String = time
        .chars()
        .map(|each| if each.is_ascii_digit() { '0' } else { each })
        .collect();
    assert_eq!(shape, "0000-00-00 00:00:00");
}
