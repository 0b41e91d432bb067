//! What the saving of scans reports to the observation.

use std::time::{Duration, Instant};

use hub::Hub;
use observation::{ErrorKind, Observation, ScanOutcome};
use writer::options::SaveOptions;
use writer::records::ScanRecords;

use crate::fixture::{LONG_TIMEOUT, end, ended, send, start, with_session, with_session_at};

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

/// Waits until this holds; figures do not announce their changes.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < LONG_TIMEOUT, "{what}");
        hub::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn a_scan_shows_how_far_it_is_behind_and_when_points_will_be_dropped() {
    let server = testing::redis();
    let url = server.url();
    // The memory tracker of BLISS is there, and its threshold is passed.
    Hub::new()
        .unwrap()
        .run(testing::fill_to_tracker_threshold(&url));
    with_session_at(
        &url,
        SaveOptions::default(),
        ScanRecords::default(),
        async |fixture| {
            let redis = &fixture.observation.redis;
            let file = fixture.file("a.h5");
            let mut holder = testing::hold(&file);
            let mut scan = fixture.create(1, &file).await;
            let record = fixture.record("1_loopscan").await;
            let session = fixture.observation.sessions.session("demo");
            let diode = start(&mut scan, "timer:diode").await;
            send(&diode, &[0.5, 1.5, 2.5]).await;
            until("the lag", || session.lag_points.get() == 3.0).await;
            until("the age", || session.lag_seconds.get() >= 1.0).await;
            let lags = record.lags();
            let [lag] = lags.as_slice() else {
                panic!("one stream is followed: {lags:?}");
            };
            assert_eq!(lag.stream, "timer:diode");
            assert_eq!((lag.published, lag.stored), (3, 0));
            assert!(lag.age >= Duration::from_secs(1));
            let margin = lag.margin.unwrap();
            assert!(margin < Duration::from_secs(180), "{margin:?}");
            assert!(redis.trim_margin.get() < 180.0);

            holder.signal("TERM");
            holder.wait_for("released");
            until("the end of the lag", || session.lag_points.get() == 0.0).await;
            assert_eq!(record.lags()[0].stored, 3);
            end(scan).await;
            ended(&record).await;
            until("the end of the margin", || {
                redis.trim_margin.get() == f64::INFINITY
            })
            .await;
            assert!(record.lags().is_empty());
        },
    );
}
