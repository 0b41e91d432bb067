//! What BLISS asks the writer `nexus` for each scan, and what it reports to its user.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value as Json, json};
use testing::{NexusClient, NexusProtocol, Program, TangoDevice, hold, read};

use crate::concurrent_scans::ConcurrentScans;
use crate::fixture::{Fixture, run_unprivileged, start};
use crate::live_scan::ScanPlan;

const STATUS: &str = "1.1/writer/status";
/// More megabytes than any disk has.
const MORE_THAN_ANY_DISK: f64 = 1e12;

/// Waits until the reason of a scan's state has this text.
fn wait_for_reason(device: &TangoDevice, scan: &str, text: &str) {
    device.wait_until(text, |device| {
        let reason = device.call("scan_state_reason", scan);
        reason.is_ok_and(|reason| reason.as_str().is_some_and(|reason| reason.contains(text)))
    });
}

#[tokio::test]
async fn a_good_scan() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve(json!({}));
    // The writer creates the directory.
    let mut scan = ScanPlan::new(&fixture.file("new/a.h5"))
        .create(&fixture.store)
        .await;
    let mut bliss = NexusClient::new(&device, scan.as_seen_by_bliss());
    bliss.prepare().unwrap();
    assert!(fixture.file("new").is_dir());
    assert_eq!(device.state().unwrap(), "RUNNING");
    scan.start().await;
    scan.send(2).await;
    bliss.during().unwrap();
    scan.send(1).await;
    scan.end("SUCCESS").await;
    bliss.end().unwrap();
    assert!(bliss.warnings().is_empty());

    device.wait_for("scan_state", &scan.name, "OFF");
    let reason = device.call("scan_state_reason", &*scan.name).unwrap();
    assert_eq!(reason, "Finished succesfully");
    let url = device.call("scan_url", &*scan.name).unwrap();
    assert_eq!(url, json!([scan.url()]));
    device.wait_for_state("ON");
    let found = read(&scan.file, &[&scan.dataset(), STATUS]);
    assert_eq!(found, json!([scan.data(), "SUCCEEDED"]));
}

#[tokio::test]
async fn a_scan_that_ends_before_bliss_asks_again() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve(json!({}));
    let mut scan = ScanPlan::new(&fixture.file("a.h5"))
        .create(&fixture.store)
        .await;
    let mut bliss = NexusClient::new(&device, scan.as_seen_by_bliss());
    bliss.prepare().unwrap();
    scan.run(3).await;
    let answers_before = bliss.answers().len();
    bliss.end().unwrap();
    assert!(bliss.answers().len() > answers_before);
    device.wait_for("scan_state", &scan.name, "OFF");
    scan.assert_written();
}

#[tokio::test]
async fn no_disk_space() {
    let fixture = Fixture::new().await;
    let properties = json!({"required_disk_space": MORE_THAN_ANY_DISK, "recommended_disk_space": MORE_THAN_ANY_DISK});
    let (device, _service) = fixture.serve(properties);
    let mut scan = ScanPlan::new(&fixture.file("a.h5"))
        .create(&fixture.store)
        .await;
    let refused = NexusClient::new(&device, scan.as_seen_by_bliss()).prepare();
    let reason = "Free disk space below 1000000000000 MB";
    assert_eq!(refused.unwrap_err(), reason);
    let enough = device.call("scan_has_required_disk_space", &*scan.name);
    assert_eq!(enough.unwrap(), false);
    scan.end("FAILURE").await;

    // A scan that BLISS does not prepare waits for space.
    let mut scan = ScanPlan::new(&fixture.file("b.h5"))
        .number(2)
        .create(&fixture.store)
        .await;
    scan.run(3).await;
    wait_for_reason(&device, &scan.name, reason);
    assert_eq!(device.call("scan_state", &*scan.name).unwrap(), "ON");
    // A user may end that.
    device.call("stop_scan", &*scan.name).unwrap();
    device.wait_for("scan_state", &scan.name, "FAULT");
}

#[tokio::test]
async fn little_disk_space() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve(json!({"recommended_disk_space": MORE_THAN_ANY_DISK}));
    let mut scan = ScanPlan::new(&fixture.file("a.h5"))
        .create(&fixture.store)
        .await;
    let mut bliss = NexusClient::new(&device, scan.as_seen_by_bliss());
    bliss.prepare().unwrap();
    scan.start().await;
    bliss.during().unwrap();
    let warning = "Free disk space below 1000000000000 MB";
    assert_eq!(bliss.warnings(), [warning]);
    scan.send(3).await;
    scan.end("SUCCESS").await;
    device.wait_for("scan_state", &scan.name, "OFF");
    scan.assert_written();
}

#[tokio::test]
async fn no_permission() {
    let fixture = Fixture::new().await;
    let (device, _service) = serve_unprivileged(&fixture);
    let closed = fixture.file("closed");
    make_directory(&closed, 0o555);
    // A directory, a directory that has to be created, and an existing file.
    let kept = fixture.file("kept.h5");
    std::fs::write(&kept, "").unwrap();
    std::fs::set_permissions(&kept, Permissions::from_mode(0o444)).unwrap();
    for (number, file) in [closed.join("a.h5"), closed.join("below/a.h5"), kept]
        .iter()
        .enumerate()
    {
        let plan = ScanPlan::new(file).number(number as u64);
        let mut scan = plan.create(&fixture.store).await;
        device.wait_for("scan_exists", &scan.name, true);
        let may = device.call("scan_has_write_permissions", &*scan.name);
        assert_eq!(may.unwrap(), false, "{}", file.display());
        scan.end("FAILURE").await;
    }
    let mut scan = ScanPlan::new(&closed.join("a.h5"))
        .number(7)
        .create(&fixture.store)
        .await;
    let refused = NexusClient::new(&device, scan.as_seen_by_bliss()).prepare();
    let refused = refused.unwrap_err();
    assert!(refused.contains("no write permission"), "{refused}");
    scan.run(3).await;
    wait_for_reason(&device, &scan.name, "no write permission");
    assert_eq!(device.call("scan_state", &*scan.name).unwrap(), "ON");

    // The writer itself still works.
    let open = fixture.file("open");
    make_directory(&open, 0o777);
    // Clients find scans by their names. One of the refused scans has the number 1.
    let mut scan = ScanPlan::new(&open.join("a.h5"))
        .number(8)
        .create(&fixture.store)
        .await;
    NexusClient::new(&device, scan.as_seen_by_bliss())
        .prepare()
        .unwrap();
    scan.run(3).await;
    device.wait_for("scan_state", &scan.name, "OFF");
    scan.assert_written();
}

#[tokio::test]
async fn a_directory_that_may_not_be_made() {
    let fixture = Fixture::new().await;
    let (device, _service) = serve_unprivileged(&fixture);
    let closed = fixture.file("closed");
    make_directory(&closed, 0o555);
    let below = closed.join("below");
    let mut scan = ScanPlan::new(&below.join("a.h5"))
        .create(&fixture.store)
        .await;
    let refused = NexusClient::new(&device, scan.as_seen_by_bliss()).prepare();
    let reason = format!(
        " (Nexus writer PermissionError: [Errno 13] Permission denied: '{}')",
        below.display()
    );
    assert_eq!(refused.unwrap_err(), reason);
    scan.end("FAILURE").await;
}

#[tokio::test]
async fn a_locked_file() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve(json!({}));
    let file = fixture.file("a.h5");
    let mut holder = hold(&file);
    let mut scan = ScanPlan::new(&file).create(&fixture.store).await;
    let mut bliss = NexusClient::new(&device, scan.as_seen_by_bliss());
    bliss.prepare().unwrap();
    scan.start().await;
    scan.send(1).await;
    wait_for_reason(&device, &scan.name, "The Nexus file is locked: '");
    bliss.during().unwrap();
    assert_eq!(device.call("scan_state", &*scan.name).unwrap(), "ON");
    scan.send(2).await;
    scan.end("SUCCESS").await;
    assert_eq!(device.call("scan_state", &*scan.name).unwrap(), "ON");

    holder.signal("TERM");
    holder.wait_for("released");
    device.wait_for("scan_state", &scan.name, "OFF");
    bliss.end().unwrap();
    assert_eq!(read(&file, &[&scan.dataset()]), json!([scan.data()]));
    let mut scan = ScanPlan::new(&file).number(2).create(&fixture.store).await;
    NexusClient::new(&device, scan.as_seen_by_bliss())
        .prepare()
        .unwrap();
    scan.run(3).await;
    device.wait_for("scan_state", &scan.name, "OFF");
    assert_eq!(read(&file, &[&scan.dataset()]), json!([scan.data()]));
}

#[tokio::test]
async fn a_scan_that_is_killed() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve(json!({}));
    for (command, number) in [("stop_scan", 1), ("kill_scan", 2)] {
        let plan = ScanPlan::new(&fixture.file(command)).number(number);
        let mut scan = plan.points(100).create(&fixture.store).await;
        let mut bliss = NexusClient::new(&device, scan.as_seen_by_bliss());
        bliss.prepare().unwrap();
        scan.start().await;
        scan.send(5).await;
        device.wait_until("saving", |device| {
            let progress = device.read("scan_progress").unwrap();
            let mut lines = progress.as_array().unwrap().iter().filter_map(Json::as_str);
            lines.any(|line| line.contains(&scan.name) && line.contains("5pts-5pts"))
        });
        device.call(command, &*scan.name).unwrap();
        // The command waits for the end.
        assert_eq!(device.call("scan_state", &*scan.name).unwrap(), "FAULT");
        let aborted = "Nexus writer is in FAULT state (Stop requested)";
        assert_eq!(bliss.during().unwrap_err(), aborted);
        scan.assert_written();
        device.wait_for_state("ON");
        scan.end("USER_ABORT").await;
    }
    // There is nothing to stop.
    device.call("stop_scan", "9_ascan").unwrap();
}

#[tokio::test]
async fn a_writer_that_is_stopped() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve(json!({}));
    device.call("stop", Json::Null).unwrap();
    assert_eq!(device.state().unwrap(), "OFF");
    // A second `stop` has no effect.
    device.call("stop", Json::Null).unwrap();
    let mut missed = ScanPlan::new(&fixture.file("a.h5"))
        .create(&fixture.store)
        .await;
    let refused = NexusClient::new(&device, missed.as_seen_by_bliss()).prepare();
    assert_eq!(
        refused.unwrap_err(),
        "Nexus writer service is in OFF state (Finished succesfully). \
         Call the Nexus writer 'start' method."
    );
    // BLISS has told its user that the scan is not saved.
    missed.run(3).await;

    device.call("start", Json::Null).unwrap();
    device.wait_for_state("ON");
    assert_eq!(device.status().unwrap(), "Subscribed to Redis");
    device.call("start", Json::Null).unwrap();
    assert_eq!(device.state().unwrap(), "ON");
    let plan = ScanPlan::new(&fixture.file("b.h5")).number(2);
    let mut scan = plan.create(&fixture.store).await;
    NexusClient::new(&device, scan.as_seen_by_bliss())
        .prepare()
        .unwrap();
    scan.run(3).await;
    device.wait_for("scan_state", &scan.name, "OFF");
    scan.assert_written();
    assert!(!missed.file.exists());
}

#[tokio::test]
async fn a_scan_of_another_session() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve(json!({}));
    let plan = ScanPlan::new(&fixture.file("a.h5"));
    let mut scan = plan.session("other").create(&fixture.store).await;
    let refused = NexusClient::new(&device, scan.as_seen_by_bliss()).prepare();
    assert_eq!(
        refused.unwrap_err(),
        "Nexus writer did not receive scan '1_loopscan' after 10s"
    );
    scan.end("FAILURE").await;
}

#[tokio::test]
async fn twenty_scans_at_once() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve(json!({}));
    let mut scans: ConcurrentScans<NexusProtocol> =
        ConcurrentScans::gather(&fixture, &device, |plan| plan).await;
    assert_eq!(device.state().unwrap(), "RUNNING");
    scans.run().await;
    for scan in scans.scans() {
        device.wait_for("scan_state", &scan.name, "OFF");
        scan.assert_written();
    }
    device.wait_for_state("ON");
    let names = device.read("scan_names").unwrap();
    assert_eq!(names.as_array().unwrap().len(), scans.scans().count());
    println!("the slowest answer took {:?}", scans.slowest());
}

fn serve_unprivileged(fixture: &Fixture) -> (TangoDevice, Program) {
    let device = fixture.nexus_writer(json!({}));
    let service = start(run_unprivileged(&mut fixture.service()));
    device.wait_for_state("ON");
    (device, service)
}

fn make_directory(path: &Path, mode: u32) {
    std::fs::create_dir(path).unwrap();
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}
