//! Many scans at once, each with a client of its own.

use std::thread;
use std::time::Duration;

use testing::{BlissClient, TangoDevice, WriterProtocol};

use crate::fixture::Fixture;
use crate::live_scan::{LiveScan, ScanPlan};

/// The number of scans.
pub const SCANS: u64 = 20;

/// Scans, each with the part of BLISS that talks about it.
pub struct ConcurrentScans<D> {
    members: Vec<(LiveScan, BlissClient<D>)>,
}

impl<D: WriterProtocol + Send + 'static> ConcurrentScans<D> {
    /// Creates the scans and prepares them, all at the same time.
    pub async fn gather(
        fixture: &Fixture,
        device: &TangoDevice,
        kind: impl Fn(ScanPlan) -> ScanPlan,
    ) -> ConcurrentScans<D> {
        let mut preparing = Vec::new();
        for number in 1..=SCANS {
            let plan = ScanPlan::new(&fixture.file(&format!("{number}.h5"))).number(number);
            let scan = kind(plan).points(50).create(&fixture.store).await;
            let mut bliss = BlissClient::new(device, scan.as_seen_by_bliss());
            let prepared = thread::spawn(move || {
                bliss.prepare().unwrap();
                bliss
            });
            preparing.push((scan, prepared));
        }
        let members = preparing.into_iter();
        let members = members.map(|(scan, bliss)| (scan, bliss.join().unwrap()));
        ConcurrentScans {
            members: members.collect(),
        }
    }

    /// Runs the scans in step, to their end.
    pub async fn run(&mut self) {
        for (scan, _) in &mut self.members {
            scan.start().await;
        }
        for _ in 0..5 {
            for (scan, bliss) in &mut self.members {
                scan.send(10).await;
                bliss.during().unwrap();
            }
        }
        for (scan, bliss) in &mut self.members {
            scan.end("SUCCESS").await;
            bliss.end().unwrap();
            assert!(bliss.warnings().is_empty());
        }
    }

    /// Returns the scans.
    pub fn scans(&self) -> impl Iterator<Item = &LiveScan> {
        self.members.iter().map(|(scan, _)| scan)
    }

    /// Returns the time of the slowest answer.
    pub fn slowest(&self) -> Duration {
        let answers = self.members.iter().flat_map(|(_, bliss)| bliss.answers());
        answers.max().copied().unwrap_or_default()
    }
}
