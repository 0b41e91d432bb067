//! Scans that are saved while they run.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use blissdata::document::ScanIdentity;
use blissdata::store::DataStore;
use serde_json::{Value as Json, json};
use simulation::publish::{ScanPublisher, StreamDefinition};
use testing::{Program, wait_until_read};

use crate::fixture::{Fixture, WRITER, diode, end, floats, read, send, stream};

/// Longest wait, which is not reached even on a busy machine.
const WAIT_LIMIT: Duration = Duration::from_secs(60);

/// Waits until a file is there.
pub async fn wait_until_exists(file: &Path) {
    let begun = Instant::now();
    while !file.exists() {
        assert!(
            begun.elapsed() < WAIT_LIMIT,
            "{} does not come",
            file.display()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn points_are_seen_during_the_scan() {
    let fixture = Fixture::new().await;
    let mut running = fixture.run();
    let file = fixture.file("a.h5");
    let entry = json!({"1.1": {"type": "group", "children": {
        "diode": {"type": "dataset", "attributes": {"units": "V"}, "value": stream("diode")},
        "mca": stream("mca"),
        "link": {"type": "soft_link", "target_path": "diode"},
    }}});
    let mut scan = fixture.create(&file, entry).await;
    let diode = diode(&mut scan).await;
    let spectra = StreamDefinition::numeric("<u4".parse().unwrap(), &[Some(3)]);
    let mca = scan.add_stream("mca", spectra).await.unwrap();
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    let paths = ["1.1/diode", "1.1/mca", "1.1/link"];

    send(&diode, &[0.0, 1.0]).await;
    wait_until_read(&file, &paths, &json!([[0.0, 1.0], null, [0.0, 1.0]])).await;
    let spectrum: Vec<u8> = [7u32, 8, 9]
        .into_iter()
        .flat_map(u32::to_le_bytes)
        .collect();
    mca.send(&spectrum, 1).await.unwrap();
    mca.flush().await.unwrap();
    send(&diode, &[2.0]).await;
    let both = json!([[0.0, 1.0, 2.0], [[7, 8, 9]], [0.0, 1.0, 2.0]]);
    wait_until_read(&file, &paths, &both).await;

    end(scan).await;
    running.wait_for("Finished writing");
    assert_eq!(read(&file, &paths), both);
    running.signal("TERM");
    assert!(running.end().0.success());
}

#[tokio::test]
async fn a_session_saves_its_own_scans() {
    let fixture = Fixture::new().await;
    let url = fixture.url();
    let mut running =
        Program::start(Command::new(WRITER).args(["session", "mine", "--redis", &url]));
    running.wait_for("subscribed");
    for session in ["yours", "Mine", "mine"] {
        let file = fixture.file(&format!("{session}.h5"));
        let path = file.to_str().unwrap().to_owned();
        let id = ScanIdentity {
            name: "ct".to_owned(),
            number: 1,
            data_policy: "no_policy".to_owned(),
            session: Some(session.to_owned()),
            proposal: None,
            collection: None,
            dataset: None,
            path: Some(path.clone()),
        };
        let root = json!({"type": "group", "children": {"diode": stream("diode")}});
        let info = json!({"h5maps": {path: root}});
        let mut scan = ScanPublisher::create(&fixture.store, id, info)
            .await
            .unwrap();
        let diode = scan.add_stream("diode", floats()).await.unwrap();
        scan.prepare().await.unwrap();
        send(&diode, &[1.0]).await;
        end(scan).await;
    }
    running.wait_for("mine.h5");
    assert_eq!(read(&fixture.file("mine.h5"), &["diode"]), json!([[1.0]]));
    assert!(!fixture.file("yours.h5").exists() && !fixture.file("Mine.h5").exists());
    running.signal("TERM");
    assert!(running.end().0.success());
}

#[tokio::test]
async fn services_take_the_scans_that_ask_for_them() {
    // What is started, and the writers whose scans it saves.
    let services: [(&[&str], &[&str]); 4] = [
        (&["run"], &["mapping", "unnamed"]),
        (
            &["run", "--data-writer", "any"],
            &["external", "mapping", "unnamed"],
        ),
        (&["session", "demo", "--redis"], &["external", "unnamed"]),
        (
            &["session", "demo", "--data_writer", "mapping", "--redis"],
            &["mapping", "unnamed"],
        ),
    ];
    for (arguments, taken) in services {
        let fixture = Fixture::new().await;
        let mut command = Command::new(WRITER);
        command.args(arguments).arg(fixture.url());
        command.arg("--layout=h5maps");
        let mut running = Program::start(&mut command);
        running.wait_for("subscribed");
        for writer in ["external", "null", "mapping", "unnamed"] {
            let file = fixture.file(&format!("{writer}.h5"));
            let mut scan = fixture
                .create(&file, json!({"diode": stream("diode")}))
                .await;
            let data_writer = match writer {
                "null" => Json::Null,
                name => json!(name),
            };
            if writer != "unnamed" {
                scan.info_mut()
                    .insert("data_writer".to_owned(), data_writer);
            }
            scan.info_mut().insert("save".to_owned(), json!(true));
            let diode = diode(&mut scan).await;
            scan.prepare().await.unwrap();
            send(&diode, &[1.0]).await;
            end(scan).await;
        }
        running.wait_for("unnamed.h5");
        running.signal("TERM");
        let (status, log) = running.end();
        assert!(status.success(), "{arguments:?}: {log}");
        let saved = ["external", "mapping", "null", "unnamed"]
            .into_iter()
            .filter(|writer| fixture.file(&format!("{writer}.h5")).exists());
        assert_eq!(saved.collect::<Vec<_>>(), taken, "{arguments:?}: {log}");
    }
}

#[tokio::test]
async fn a_server_that_restarts_costs_its_scan_and_not_the_service() {
    let mut fixture = Fixture::new().await;
    let mut running = fixture.run();
    let lost = fixture.file("lost.h5");
    let mut scan = fixture
        .create(&lost, json!({"diode": stream("diode")}))
        .await;
    let diode = diode(&mut scan).await;
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    send(&diode, &[0.0, 1.0]).await;
    wait_until_read(&lost, &["diode"], &json!([[0.0, 1.0]])).await;

    fixture.server.restart_blocking().unwrap();
    fixture.store = DataStore::connect(&fixture.server.url()).await.unwrap();
    simulation::initialise(&fixture.store).await.unwrap();
    running.wait_for("INCOMPLETE");
    assert_eq!(read(&lost, &["diode"]), json!([[0.0, 1.0]]));

    let next = fixture.file("next.h5");
    fixture.good_scan(&next).await;
    running.wait_for("next.h5");
    assert_eq!(read(&next, &["diode"]), json!([[0.0, 1.0, 2.0]]));
    running.signal("TERM");
    assert!(running.end().0.success());
}
