//! The list of scans that earlier processes have saved.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use writer::inspection::InspectionProgram;
use writer::options::SaveOptions;
use writer::records::{RecordState, ScanRecords};

use crate::fixture::{
    LONG_TIMEOUT, end, ended, send, start, with_prepared_session_at, with_session_at,
};

#[test]
fn a_file_system_that_does_not_answer_holds_up_no_scan() {
    let server = testing::redis();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("1.h5");
    let save = async |fixture: &crate::fixture::SessionFixture, number: u64| {
        let file = folder.path().join(format!("{number}.h5"));
        let mut scan = fixture.create(number, &file).await;
        let diode = start(&mut scan, "timer:diode").await;
        send(&diode, &[0.5, 1.5, 2.5]).await;
        end(scan).await;
        let record = fixture.record(&format!("{number}_loopscan")).await;
        assert_eq!(ended(&record).await.0, RecordState::Off);
    };
    let usual = SaveOptions::default;
    with_session_at(
        &server.url(),
        usual(),
        ScanRecords::default(),
        async |fixture| {
            save(fixture, 1).await;
        },
    );
    assert!(file.exists());

    // It notes that it was started, and never answers.
    let (asked, program) = (folder.path().join("asked"), folder.path().join("program"));
    let script = format!("#!/bin/sh\n: > '{}'\nexec sleep 600\n", asked.display());
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let program = InspectionProgram {
        path: program,
        name: "inspection".into(),
    };
    let prepare = async |writer_thread: &writer::WriterThread| {
        writer_thread.observation().scans.set_read();
        writer_thread.inspect_with(program.clone()).await.unwrap();
    };
    let records = ScanRecords::default();
    with_prepared_session_at(&server.url(), usual(), records, prepare, async |fixture| {
        let begun = Instant::now();
        while !asked.exists() {
            assert!(begun.elapsed() < LONG_TIMEOUT, "no file was looked at");
            hub::sleep(Duration::from_millis(10)).await;
        }
        save(fixture, 2).await;
        let scans = &fixture.observation.scans;
        let past = scans.past(u64::MAX, 10, |_| true);
        let names: Vec<_> = past.iter().map(|scan| scan.name.name.as_str()).collect();
        assert_eq!(names, ["2_loopscan"]);
    });
}
