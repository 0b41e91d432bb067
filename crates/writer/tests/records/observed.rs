//! What the saving of scans reports to the observation.

use observation::{ErrorKind, Observation, ScanOutcome};

use crate::fixture::{end, ended, send, start, with_session};

#[test]
fn a_scan_that_is_saved_is_counted() {
    with_session(async |fixture| {
        let watcher = Observation::watch(&fixture.observation);
        let mut scan = fixture.create(1, &fixture.file("a.h5")).await;
        let record = fixture.record("1_loopscan").await;
        let session = fixture.observation.sessions.session("demo");
        assert_eq!(session.running.get(), 1.0);
        let diode = start(&mut scan, "timer:diode").await;
        send(&diode, &[0.5, 1.5, 2.5]).await;
        end(scan).await;
        ended(&record).await;
        assert_eq!(session.running.get(), 0.0);
        assert_eq!(session.scans(ScanOutcome::Complete), 1);
        let duration = session.duration(ScanOutcome::Complete).snapshot();
        assert_eq!(duration.count, 1);
        assert_eq!(session.points_received.get(), 3);
        assert_eq!(session.bytes_received.get(), 24);
        assert_eq!(session.points_written.get(), 3);
        assert_eq!(session.warnings.get(), 0);
        let failures = ErrorKind::ALL.map(|kind| fixture.observation.failures.get(kind));
        assert_eq!(failures, [0; ErrorKind::ALL.len()]);
        let points = &fixture.observation.points;
        assert!(points.limit.get() > points.used.get());
        drop(watcher);
    });
}

#[test]
fn a_scan_that_fails_is_counted_by_the_kind_of_its_error() {
    with_session(async |fixture| {
        // A directory is where the file should be.
        let mut scan = fixture.create(1, fixture.folder.path()).await;
        let record = fixture.record("1_loopscan").await;
        start(&mut scan, "timer:diode").await;
        end(scan).await;
        ended(&record).await;
        let session = fixture.observation.sessions.session("demo");
        assert_eq!(session.scans(ScanOutcome::Failed), 1);
        assert_eq!(session.running.get(), 0.0);
        let failures = &fixture.observation.failures;
        assert_eq!(failures.get(ErrorKind::Permission), 1);
        assert_eq!(failures.get(ErrorKind::Internal), 0);
    });
}
