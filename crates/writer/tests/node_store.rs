//! What writers ask a server that holds scans of BLISS 1.11.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::time::Duration;

use bliss_node::store::NodeStore;
use hub::Hub;
use simulation::redis::{PrivateRedis, RedisModules, RedisOptions};
use tempfile::TempDir;
use writer::source::node::scan_store;
use writer::source::{ClaimError, ScanId};

/// Longer than anything takes.
const LONG_TIMEOUT: Duration = Duration::from_secs(60);
const GROUP: &str = "nexus-writer:demo:test";

/// A server that gets a recording, and a directory for its files.
struct Replay {
    recording: &'static str,
    server: PrivateRedis,
    root: TempDir,
}

impl Replay {
    fn new(recording: &'static str) -> Replay {
        let options = RedisOptions::new().modules(RedisModules::None);
        Replay {
            recording,
            server: PrivateRedis::start_blocking(&options).unwrap(),
            root: tempfile::tempdir().unwrap(),
        }
    }

    fn store(&self) -> NodeStore {
        NodeStore::new(&self.server.url())
    }

    /// Publishes the recording. Returns the keys of its scans.
    fn publish(&self) -> Vec<String> {
        let lines = self.run("publish");
        let keys = lines.lines().map(serde_json::from_str);
        keys.collect::<Result<_, _>>().unwrap()
    }

    fn run(&self, action: &str) -> String {
        let mut python = testing::python();
        python.args(["nodes.py", action, self.recording, "--root"]);
        python.arg(self.root.path().canonicalize().unwrap());
        python.args(["--redis", &self.server.url().with_secrets()]);
        testing::output(&mut python)
    }
}

#[test]
fn scans_are_handed_out_looked_up_and_acknowledged() {
    let replay = Replay::new("ascan_1d");
    Hub::new().unwrap().run(async {
        let scans = scan_store(&replay.store());
        assert!(!scans.server_state().await.unwrap().is_initialised);
        let mut feed = scans.join(GROUP).await.unwrap();
        let keys = replay.publish();
        let mut assigned = Vec::new();
        while assigned.len() < keys.len() {
            let next = feed.next(LONG_TIMEOUT).await.unwrap();
            assert!(!next.is_empty(), "not all of {keys:?}");
            assigned.extend(next);
        }
        assert!(scans.server_state().await.unwrap().is_initialised);
        let scan = &assigned[0].scan;
        assert_eq!(scan.as_str(), keys[0]);
        let summary = scans.summary(scan).await.unwrap();
        assert_eq!(summary.name, "1_ascan");
        assert_eq!(summary.number, Some(1));
        assert_eq!(summary.command.as_deref(), Some("ascan"));
        assert_eq!(summary.session.as_deref(), Some("demo"));
        assert!(summary.path.is_some() && summary.start_time.is_some());
        assert!(scans.info(scan).await.unwrap().is_some());
        let missing = ScanId::new("demo:data:99_ascan");
        assert!(scans.info(&missing).await.unwrap().is_none());
        assert!(scans.summary(&missing).await.unwrap_err().is_missing());

        for assignment in &assigned {
            assignment.ack.acknowledge();
        }
        feed.membership().leave().await.unwrap();
        let mut next = scans.join(GROUP).await.unwrap();
        let left = next.next(Duration::from_millis(200)).await.unwrap();
        assert!(left.is_empty(), "the scan was acknowledged");
    });
}

#[test]
fn a_file_is_claimed_where_there_are_nodes() {
    let replay = Replay::new("ascan_1d");
    Hub::new().unwrap().run(async {
        let scans = scan_store(&replay.store());
        let file = Path::new("/a.h5");
        let refused = scans.claim_file(file).await.err();
        assert!(matches!(refused, Some(ClaimError::Unavailable(_))));
        replay.publish();
        let claim = scans.claim_file(file).await.unwrap();
        assert!(claim.lease().is_confirmed());
        claim.release().await;
    });
}
