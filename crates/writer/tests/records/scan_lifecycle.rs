//! The life of a scan in its record.

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use serde_json::json;
use testing::{Replay, Speed, read};
use writer::records::{RecordState, ScanRecord, ScanRecords};
use writer::report::SubscanProgress;
use writer::report::figures::PointRange;
use writer::source::ScanId;

use crate::fixture::{
    LONG_TIMEOUT, end, ended, in_thread, send, start, with_session, with_session_at,
    with_session_options,
};

#[test]
fn a_scan_is_known_long_before_it_is_prepared() {
    with_session(async |fixture| {
        let file = fixture.file("a.h5");
        let mut scan = fixture.create(1, &file).await;
        let record = fixture.record("1_loopscan").await;
        assert_eq!(record.id(), &ScanId::from(scan.key()));
        assert_eq!(record.summary().path.as_deref(), Some(file.as_path()));
        assert_eq!(record.summary().number, Some(1));
        assert!(record.is_running());
        assert_eq!(fixture.records.running(), 1);
        let began = |_: &ScanRecords| record.began();
        let began = fixture.until(began).await;
        assert!(record.created() <= began);
        assert_eq!(record.state(), RecordState::On);
        assert_eq!(record.reason(), "Subscribed to Redis");
        assert!(record.urls().is_empty() && record.progress().is_empty());

        let diode = start(&mut scan, "timer:diode").await;
        send(&diode, &[0.5, 1.5, 2.5]).await;
        end(scan).await;
        let over = (RecordState::Off, "Finished succesfully".to_owned());
        assert_eq!(ended(&record).await, over);
        assert_eq!(fixture.records.running(), 0);
        let url = |entry| format!("{}::/{entry}", file.display());
        assert_eq!(record.urls(), [url("1.1"), url("1.2")]);
        let progress: Vec<_> = record
            .progress()
            .into_iter()
            .map(|subscan| (subscan.name, subscan.points, subscan.expected))
            .collect();
        let points = |number| PointRange {
            least: number,
            most: number,
        };
        assert_eq!(
            progress,
            [
                ("axis".to_owned(), points(0), Some(3)),
                ("timer".to_owned(), points(3), Some(3))
            ]
        );
        assert_eq!(record.bytes(), 24);
        let time = |text| DateTime::parse_from_rfc3339(text).ok();
        assert_eq!(record.scan_start(), time("2026-11-23T01:02:03+01:00"));
        assert_eq!(record.scan_end(), time("2026-11-23T01:02:05+01:00"));
        assert!(record.ended().unwrap() >= began);
        let duration = record.duration();
        assert!(duration > Duration::ZERO);
        assert_eq!(record.duration(), duration, "time stops at the end");
    });
}

#[test]
fn data_urls_are_known_once_the_scan_is_prepared() {
    with_session(async |fixture| {
        let mut scan = fixture.create(7, &fixture.file("a.h5")).await;
        let record = fixture.record("7_loopscan").await;
        let diode = start(&mut scan, "timer:diode").await;
        send(&diode, &[0.5]).await;
        // Progress does not notify receivers: it changes all the time.
        let looked = async {
            while record.bytes() == 0 {
                tokio::task::yield_now().await;
            }
        };
        hub::timeout(LONG_TIMEOUT, looked).await.unwrap();
        let file = fixture.file("a.h5");
        let urls = ["7.1", "7.2"].map(|entry| format!("{}::/{entry}", file.display()));
        assert_eq!(record.urls(), urls);
        assert_eq!(record.scan_end(), None);
        end(scan).await;
        ended(&record).await;
        assert_eq!(record.urls(), urls);
    });
}

#[test]
fn scans_that_are_not_ours_to_save_have_a_record_too() {
    with_session(async |fixture| {
        let file = fixture.file("a.h5");
        let unsaved = fixture.create_with(1, &file, |info| {
            info["save"] = json!(false);
            info["filename"] = json!(null);
        });
        let others = fixture.create_with(2, &file, |info| info["data_writer"] = json!("nexus"));
        for (mut scan, name) in [(unsaved.await, "_1_loopscan"), (others.await, "2_loopscan")] {
            let record = fixture.record(name).await;
            start(&mut scan, "timer:diode").await;
            end(scan).await;
            let over = (RecordState::Off, "Finished succesfully".to_owned());
            assert_eq!(ended(&record).await, over);
            assert!(record.urls().is_empty());
        }
        assert!(!file.exists());
        assert_eq!(names(&fixture.records), ["_1_loopscan", "2_loopscan"]);
    });
}

#[test]
fn a_scan_that_is_stopped_keeps_what_came() {
    with_session(async |fixture| {
        let file = fixture.file("a.h5");
        let mut scan = fixture.create(1, &file).await;
        let diode = start(&mut scan, "timer:diode").await;
        send(&diode, &[0.5, 1.5]).await;
        let record = fixture.record("1_loopscan").await;
        let shared = record.clone();
        // Clients read records from threads of their own.
        let stopped = in_thread(move || {
            while shared.bytes() < 16 {
                std::thread::yield_now();
            }
            shared.stop();
            shared.join_blocking(Some(LONG_TIMEOUT)).unwrap()
        });
        assert!(stopped.await);
        let over = (RecordState::Fault, "Stop requested".to_owned());
        assert_eq!(ended(&record).await, over);
        let paths = [
            "1.2/instrument/diode/data",
            "1.2/writer/status",
            "1.2/writer/data",
            "1.2/end_time",
        ];
        let mut found = read(&file, &paths);
        assert_eq!(found[0], json!([0.5, 1.5]));
        assert_eq!(found[1], "FAILED");
        let record_text = found[2].take();
        let completeness: serde_json::Value =
            serde_json::from_str(record_text.as_str().unwrap()).unwrap();
        assert_eq!(completeness["problems"], json!(["Stop requested"]));
        assert!(found[3].is_string());
        // Data that come later are ignored.
        record.stop();
        end(scan).await;
        assert_eq!(ended(&record).await.1, "Stop requested");
    });
}

#[test]
fn a_scan_can_be_stopped_before_it_is_prepared() {
    with_session(async |fixture| {
        let file = fixture.file("a.h5");
        let scan = fixture.create(1, &file).await;
        let record = fixture.record("1_loopscan").await;
        record.stop();
        let over = (RecordState::Fault, "Stop requested".to_owned());
        assert_eq!(ended(&record).await, over);
        assert!(!file.exists());
        assert_eq!(scan.state().number(), 0);
    });
}

#[test]
fn a_new_scan_takes_the_place_of_an_old_one_of_its_name() {
    with_session(async |fixture| {
        let mut old = fixture.create(1, &fixture.file("old.h5")).await;
        let first = fixture.record("1_loopscan").await;
        let new = fixture.create(1, &fixture.file("new.h5")).await;
        let other = |records: &ScanRecords| {
            let found = records.find("1_loopscan")?;
            (*found.id() == ScanId::from(new.key())).then_some(found)
        };
        let second = fixture.until(other).await;
        assert_eq!(fixture.records.list().len(), 1);
        assert_eq!(fixture.records.running(), 2, "the old one goes on");
        second.stop();
        ended(&second).await;
        start(&mut old, "timer:diode").await;
        end(old).await;
        assert_eq!(ended(&first).await.0, RecordState::Off);
        assert_eq!(fixture.records.running(), 0);
        drop(new);
    });
}

#[test]
fn scans_that_ended_are_forgotten() {
    with_session(async |fixture| {
        let _first = fixture.create(1, &fixture.file("a.h5")).await;
        let _second = fixture.create(2, &fixture.file("a.h5")).await;
        let ends = fixture.record("1_loopscan").await;
        fixture.record("2_loopscan").await;
        fixture.records.purge(Duration::ZERO);
        assert_eq!(names(&fixture.records), ["1_loopscan", "2_loopscan"]);
        ends.stop();
        ended(&ends).await;
        fixture.records.purge(Duration::from_secs(3600));
        assert_eq!(names(&fixture.records), ["1_loopscan", "2_loopscan"]);
        fixture.records.purge(Duration::ZERO);
        assert_eq!(names(&fixture.records), ["2_loopscan"]);
        assert_eq!(ends.reason(), "Stop requested", "who has it can still read");
        fixture.record("2_loopscan").await.stop();
    });
    let brief = ScanRecords::with_retention(Duration::ZERO);
    with_session_options(Default::default(), brief, async |fixture| {
        let _scan = fixture.create(1, &fixture.file("a.h5")).await;
        let record = fixture.record("1_loopscan").await;
        record.stop();
        ended(&record).await;
        assert!(fixture.records.list().is_empty(), "without being told to");
    });
}

#[test]
fn no_more_are_kept_than_there_is_room_for() {
    let few = ScanRecords::default().with_limit(2);
    with_session_options(Default::default(), few, async |fixture| {
        let mut scans = Vec::new();
        for number in 1..=3 {
            scans.push(fixture.create(number, &fixture.file("a.h5")).await);
            let record = fixture.record(&format!("{number}_loopscan")).await;
            if number == 2 {
                record.stop();
                ended(&record).await;
            }
        }
        assert_eq!(names(&fixture.records), ["1_loopscan", "3_loopscan"]);
        scans.push(fixture.create(4, &fixture.file("a.h5")).await);
        fixture.record("4_loopscan").await;
        assert_eq!(names(&fixture.records), ["3_loopscan", "4_loopscan"]);
        assert_eq!(fixture.records.running(), 3, "nobody has stopped the first");
        for record in fixture.records.list() {
            record.stop();
        }
    });
}

#[test]
fn scans_of_bliss_have_the_names_that_bliss_gives_them() {
    let replay = Arc::new(Replay::new(&["several_scans", "save_false", "parallel"]));
    let url = replay.url().parse().unwrap();
    with_session_at(
        &url,
        Default::default(),
        ScanRecords::default(),
        async |fixture| {
            let player = replay.clone();
            let played = in_thread(move || player.publish(Speed::Max)).await;
            // The last scan of each name; the first scans of three recordings have the same name.
            let all = |records: &ScanRecords| (records.list().len() == 7).then(|| records.list());
            let records = fixture.until(all).await;
            let mut outcomes = Vec::new();
            for record in &records {
                let (state, reason) = ended(record).await;
                assert_eq!(state, RecordState::Off, "{}: {reason}", record.name());
                let entries: Vec<_> = record
                    .urls()
                    .iter()
                    .map(|url| url.rsplit_once("::/").unwrap().1.to_owned())
                    .collect();
                let subscans = record.progress();
                let points = |one: &SubscanProgress| format!("{} {}", one.name, one.points);
                let points: Vec<_> = subscans.iter().map(points).collect();
                outcomes.push((
                    record.name().to_owned(),
                    entries.join(","),
                    points.join(","),
                ));
            }
            // Scans that are published together are looked up together, and added in any order.
            outcomes.sort();
            let mut expected = [
                ("2_ascan", "2.1", "axis 4pts-4pts"),
                ("_1_ct", "", ""),
                ("3_timescan", "3.1", "timer 4pts-4pts"),
                ("4_pointscan", "4.1", "axis 3pts-3pts"),
                ("_3_loopscan", "", ""),
                ("1_loopscan", "1.1", "timer 20pts-20pts"),
                ("2_loopscan", "2.1", "timer 5pts-5pts"),
            ];
            expected.sort_unstable();
            let expected = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
            assert_eq!(outcomes, expected);
            assert_eq!(played.len(), 9);
        },
    );
}

fn names(records: &ScanRecords) -> Vec<String> {
    let records = records.list();
    records
        .iter()
        .map(ScanRecord::name)
        .map(str::to_owned)
        .collect()
}
