//! Writers that are killed at any moment: their files stay readable, and the next writer completes them.

mod compare;
mod live;
mod older_file;
mod saved;

use std::time::Duration;

use super::scale;
use live::LiveScans;
use saved::Workload;

/// Returns the options of a writer that choose the driver of files, if another one than usual is asked for.
fn driver_options() -> Vec<String> {
    let driver = std::env::var("NEXUS_WRITER_CRASH_DRIVER");
    let options = driver.map(|driver| vec!["--file-driver".to_owned(), driver]);
    options.unwrap_or_default()
}

/// What went wrong.
#[derive(Default)]
struct Failures(Vec<String>);

impl Failures {
    fn add(&mut self, kill: String, outcome: Result<(), String>) {
        if let Err(problem) = outcome {
            self.0.push(format!("{kill}: {problem}"));
        }
    }

    /// Prints how many kills of a workload have failed, and fails if any have.
    fn report(self, workload: &str, kills: usize, duration: Duration) {
        let failures = self.0;
        println!(
            "{workload}: {kills} kills in {duration:?} each, {} failures",
            failures.len()
        );
        assert!(failures.is_empty(), "{failures:#?}");
    }
}

fn kill_saving(name: &str, workload: &Workload, kills: usize) {
    let mut failures = Failures::default();
    for number in 0..kills {
        let random = fastrand::f64();
        let outcome = workload.kill_once(number, random);
        failures.add(format!("kill {number} at {random}"), outcome);
    }
    failures.report(name, kills, workload.duration);
}

/// Returns a share of the kills, in percent.
fn share(percent: usize) -> usize {
    (scale("NEXUS_WRITER_CRASH_KILLS", 15) * percent).div_ceil(100)
}

#[tokio::test]
async fn files_survive_kills() {
    kill_saving("light", &Workload::light().await, share(40));
}

#[tokio::test]
async fn large_files_survive_kills() {
    kill_saving("heavy", &Workload::heavy().await, share(40));
}

#[tokio::test]
async fn running_scans_survive_kills() {
    let mut scans = LiveScans::new().await;
    let kills = share(20);
    let mut failures = Failures::default();
    for number in 0..kills {
        let random = fastrand::f64();
        let outcome = scans.kill_once(number, random).await;
        failures.add(format!("kill {number} at {random}"), outcome);
    }
    println!("{} of {kills} killed writers had shown points", scans.shown);
    failures.report("live", kills, scans.duration);
}
