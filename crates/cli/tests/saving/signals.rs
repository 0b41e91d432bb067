//! Signals, and a service that keeps running when one scan fails.

use serde_json::json;

use crate::fixture::{Fixture, diode, end, read, send, stream};

#[tokio::test]
async fn bad_scans_do_not_stop_the_service() {
    let fixture = Fixture::new().await;
    let mut running = fixture.run();
    let file = fixture.file("a.h5");
    fixture.good_scan(std::path::Path::new("relative.h5")).await;
    running.wait_for("absolute");
    fixture.good_scan(&file).await;
    running.wait_for("Finished writing");
    assert_eq!(read(&file, &["diode"]), json!([[0.0, 1.0, 2.0]]));
    running.signal("TERM");
    assert!(running.end().0.success());
}

#[tokio::test]
async fn a_stop_saves_what_redis_has() {
    let fixture = Fixture::new().await;
    let mut running = fixture.run();
    let file = fixture.file("a.h5");
    let (scan, diode) = fixture.start_scan(&file).await;
    running.wait_for("start saving");
    send(&diode, &[0.0, 1.0, 2.0, 3.0]).await;
    running.signal("INT");
    running.wait_for("stopped before the scan ended");
    assert!(running.end().0.success());
    assert_eq!(read(&file, &["diode"]), json!([[0.0, 1.0, 2.0, 3.0]]));
    end(scan).await;
}

#[tokio::test]
async fn a_place_that_changes_at_the_end_keeps_its_data() {
    let fixture = Fixture::new().await;
    let mut running = fixture.run();
    let file = fixture.file("a.h5");
    let children = json!({"kept": stream("diode"), "removed": stream("diode"),
        "title": "first", "note": "right"});
    let mut scan = fixture.create(&file, children).await;
    let diode = diode(&mut scan).await;
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    running.wait_for("start saving");
    send(&diode, &[0.0, 1.0]).await;
    let last = json!({"type": "group", "children": {
        "kept": {"type": "dataset", "attributes": {"units": "V"}, "value": stream("diode")},
        "elsewhere": stream("diode"),
        "title": "last",
        "note": null,
    }});
    scan.info_mut()["h5maps"][file.to_str().unwrap()] = last;
    end(scan).await;
    running.wait_for("INCOMPLETE");
    let paths = ["kept", "removed", "elsewhere", "title", "note"];
    assert_eq!(
        read(&file, &paths),
        json!([[0.0, 1.0], [0.0, 1.0], null, "last", "right"])
    );
    running.signal("TERM");
    assert!(running.end().0.success());
}

#[tokio::test]
async fn a_scan_created_without_a_writer_is_saved_later() {
    let fixture = Fixture::new().await;
    let before = fixture.file("before.h5");
    fixture.good_scan(&before).await;
    let mut running = fixture.run();
    let first = fixture.file("first.h5");
    fixture.good_scan(&first).await;
    running.wait_for("Finished writing");
    running.signal("TERM");
    assert!(running.end().0.success());

    // More than are saved at once.
    let missed: Vec<_> = (0..110)
        .map(|n| fixture.file(&format!("missed{n}.h5")))
        .collect();
    for file in &missed {
        fixture.good_scan(file).await;
    }
    let mut running = fixture.run();
    for file in &missed {
        running.wait_for(&format!("Finished writing to '{}'", file.display()));
    }
    running.signal("TERM");
    let (status, log) = running.end();
    assert!(status.success());
    for file in [&missed[0], &missed[109]] {
        assert_eq!(read(file, &["diode"]), json!([[0.0, 1.0, 2.0]]));
    }
    // Scans that are done are not saved again, and scans before the first writer are ignored.
    assert!(!log.contains("first.h5"), "{log}");
    assert!(!before.exists());
}
