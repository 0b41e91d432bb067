//! As many sessions of BLISS as there are scans, all at once.

use std::thread;
use std::time::Duration;

use testing::{BlissClient, Dialect, TangoDevice};

use crate::scan::{Plan, Scan};
use crate::stage::Stage;

/// How many scans.
pub const SCANS: u64 = 20;

/// Scans, each with the part of BLISS that talks about it.
pub struct Crowd<D> {
    members: Vec<(Scan, BlissClient<D>)>,
}

impl<D: Dialect + Send + 'static> Crowd<D> {
    /// Creates the scans and asks for them, all at the same time.
    pub async fn gather(
        stage: &Stage,
        device: &TangoDevice,
        kind: impl Fn(Plan) -> Plan,
    ) -> Crowd<D> {
        let mut asking = Vec::new();
        for number in 1..=SCANS {
            let plan = Plan::new(&stage.file(&format!("{number}.h5"))).number(number);
            let scan = kind(plan).points(50).create(&stage.store).await;
            let mut bliss = BlissClient::new(device, scan.known());
            let prepared = thread::spawn(move || {
                bliss.prepare().unwrap();
                bliss
            });
            asking.push((scan, prepared));
        }
        let members = asking.into_iter();
        let members = members.map(|(scan, bliss)| (scan, bliss.join().unwrap()));
        Crowd {
            members: members.collect(),
        }
    }

    /// Has the scans run in step, to their end.
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

    /// The scans.
    pub fn scans(&self) -> impl Iterator<Item = &Scan> {
        self.members.iter().map(|(scan, _)| scan)
    }

    /// How long the slowest answer took.
    pub fn slowest(&self) -> Duration {
        let answers = self.members.iter().flat_map(|(_, bliss)| bliss.answers());
        answers.max().copied().unwrap_or_default()
    }
}
