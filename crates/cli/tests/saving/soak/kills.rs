//! Several writers of one session, of which one is killed.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use testing::Program;

use super::{ExpectedScans, MissingScans, publish, scale};
use crate::fixture::Fixture;

/// Scans that run at the same time.
const LANES: usize = 4;

/// Longest pause of a scan between two points.
const PAUSE: Duration = Duration::from_millis(40);

/// How long the files may stay as they are before scans count as lost: longer than a claim without a holder.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Debug, Default)]
struct Tally {
    rounds: usize,
    scans: usize,
}

#[tokio::test]
async fn a_killed_writer_loses_no_scan() {
    let rounds = scale("NEXUS_WRITER_SOAK_ROUNDS", 1);
    let scans = scale("NEXUS_WRITER_SOAK_SCANS_PER_ROUND", 16);
    let mut tally = Tally::default();
    for round in 1..=rounds {
        for writers in [2, 3] {
            for is_shared in [true, false] {
                let seed = fastrand::u64(..);
                fastrand::seed(seed);
                println!("round {round}: {writers} writers, one file {is_shared}, seed {seed}");
                kill_one_of(writers, scans, is_shared, &mut tally).await;
            }
        }
    }
    println!("{tally:?}");
}

async fn kill_one_of(writers: usize, scans: usize, is_shared: bool, tally: &mut Tally) {
    let fixture = Fixture::new().await;
    let writers: Vec<Program> = (0..writers).map(|_| fixture.run()).collect();
    let victim = fastrand::usize(..writers.len());
    let doomed_at = fastrand::usize(1..scans);
    let (next, expected) = (Cell::new(0), RefCell::new(ExpectedScans::default()));
    let lane = async || {
        loop {
            let number = next.replace(next.get() + 1);
            if number >= scans {
                break;
            }
            if number == doomed_at {
                writers[victim].signal("KILL");
            }
            let file = match is_shared {
                true => fixture.file("all.h5"),
                false => fixture.file(&format!("{number}.h5")),
            };
            let name = format!("scan{number}");
            expected.borrow_mut().add(&file, &name);
            publish(&fixture, &file, &name, PAUSE).await;
        }
    };
    const { assert!(LANES == 4) };
    tokio::join!(lane(), lane(), lane(), lane());
    let expected = expected.into_inner();
    wait_until_saved(&expected).await;
    for (number, writer) in writers.into_iter().enumerate() {
        if number == victim {
            continue;
        }
        let log = Fixture::end(writer);
        assert!(!log.contains("FAILED"), "{log}");
    }
    assert_eq!(expected.missing(), MissingScans::default());
    tally.rounds += 1;
    tally.scans += expected.len();
}

/// Waits until all scans are whole.
async fn wait_until_saved(expected: &ExpectedScans) {
    let mut last = MissingScans::default();
    let mut changed = Instant::now();
    loop {
        let missing = expected.missing();
        if missing != last {
            changed = Instant::now();
            last = missing;
        }
        if last == MissingScans::default() {
            return;
        }
        assert!(changed.elapsed() < PATIENCE, "lost: {last:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
