//! Recorded scans of BLISS 1.11, saved after they have ended, against the files of its own writer.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bliss_node::key::NodeKey;
use bliss_node::store::NodeStore;
use serde::Deserialize;
use serde_json::Value as Json;
use simulation::redis::{PrivateRedis, RedisModules, RedisOptions};
use writer::WriterThread;
use writer::options::SaveOptions;
use writer::report::ScanOutcome;
use writer::scan::NexusScanWriter;
use writer::source::node::NodeScan;
use writer::source::{
    ClaimError, FileClaim, FileLease, MemoryForecast, ScanFeed, ScanId, ScanSource, ScanSpool,
    ScanStore, ScanSummary, ServerState, ShortageEffect, SourceError, SpooledScan,
};

/// Scans of nodes for a single writer, which claims nothing.
#[derive(Debug)]
struct UnsharedScans(NodeStore);

/// The claim of a file for which nobody else can ask.
#[derive(Debug)]
struct Unclaimed;

impl FileLease for Unclaimed {
    fn is_confirmed(&self) -> bool {
        true
    }
}

#[async_trait(?Send)]
impl FileClaim for Unclaimed {
    fn lease(&self) -> Arc<dyn FileLease> {
        Arc::new(Unclaimed)
    }

    async fn release(self: Box<Self>) {}
}

impl UnsharedScans {
    async fn scan(&self, scan: &ScanId) -> Result<NodeScan, SourceError> {
        let key: NodeKey = scan.as_str().parse().unwrap();
        NodeScan::open(&self.0, &key).await
    }
}

#[async_trait(?Send)]
impl ScanStore for UnsharedScans {
    async fn join(&self, _: &str) -> Result<Box<dyn ScanFeed>, SourceError> {
        unreachable!("the scans are named")
    }

    async fn summary(&self, scan: &ScanId) -> Result<ScanSummary, SourceError> {
        Ok(scan.clone().into())
    }

    async fn info(&self, scan: &ScanId) -> Result<Option<Json>, SourceError> {
        Ok(Some(self.scan(scan).await?.info().clone()))
    }

    async fn claim_file(&self, _: &Path) -> Result<Box<dyn FileClaim>, ClaimError> {
        Ok(Box::new(Unclaimed))
    }

    async fn discard_spool(&self, _: &ScanId) {}

    async fn spooled_scans(&self) -> Vec<SpooledScan> {
        Vec::new()
    }

    async fn open(&self, scan: &ScanId) -> Result<Box<dyn ScanSource>, SourceError> {
        Ok(Box::new(self.scan(scan).await?))
    }

    fn spool(&self, _: &ScanId) -> Option<Box<dyn ScanSpool>> {
        None
    }

    async fn server_state(&self) -> Result<ServerState, SourceError> {
        Ok(ServerState {
            is_initialised: true,
            used_memory: 0,
            max_memory: None,
            evicts: true,
        })
    }

    async fn forecast(&self) -> Result<MemoryForecast, SourceError> {
        Ok(MemoryForecast {
            shortage_in: None,
            effect: ShortageEffect::RefusesPublishers,
        })
    }
}

/// A difference from the files of the original writer.
#[derive(Debug, Deserialize)]
struct Difference {
    kind: String,
    path: String,
    text: String,
}

/// Publishes a recording and saves its scans. Returns their outcomes, and the differences of their files.
fn saved(recording: &str) -> (Vec<ScanOutcome>, Vec<Difference>) {
    let options = RedisOptions::new().modules(RedisModules::None);
    let server = PrivateRedis::start_blocking(&options).unwrap();
    let root = tempfile::tempdir().unwrap();
    let nodes = |action: &str| {
        let mut python = testing::python();
        python.args(["nodes.py", action, recording, "--root"]);
        python.arg(root.path().canonicalize().unwrap());
        python.args(["--redis", &server.url().with_secrets()]);
        testing::output(&mut python)
    };
    let parse = |lines: String| -> Vec<String> {
        let keys = lines.lines().map(serde_json::from_str);
        keys.collect::<Result<_, _>>().unwrap()
    };
    let keys = parse(nodes("publish"));
    let outcomes = hub::Hub::new().unwrap().run(async {
        let store = UnsharedScans(NodeStore::new(&server.url()));
        let store: Arc<dyn ScanStore> = Arc::new(store);
        let thread = WriterThread::start(Arc::default()).unwrap();
        let mut outcomes = Vec::new();
        for key in keys {
            let (scan, options) = (ScanId::new(key), SaveOptions::default());
            let writer = NexusScanWriter::start(&thread, &store, scan, None, options).unwrap();
            outcomes.push(writer.report().await.outcome);
        }
        thread.stop().await.unwrap();
        outcomes
    });
    let differences = nodes("compare");
    let differences = differences.lines().map(serde_json::from_str);
    (outcomes, differences.collect::<Result<_, _>>().unwrap())
}

fn expect_equal(recording: &str) {
    let (outcomes, differences) = saved(recording);
    assert!(!outcomes.is_empty());
    assert!(
        outcomes
            .iter()
            .all(|outcome| *outcome == ScanOutcome::Complete),
        "{outcomes:?}"
    );
    let texts: Vec<String> = differences
        .iter()
        .map(|found| format!("{} {}: {}", found.kind, found.path, found.text))
        .collect();
    assert_eq!(texts, [""; 0]);
}

macro_rules! equal {
    ($($recording:ident),* $(,)?) => {
        $(#[test] fn $recording() {
            expect_equal(stringify!($recording));
        })*
    };
}

equal!(
    aborted,
    amesh_2d,
    ascan_1d,
    ascan_1d_proto3,
    block_stream,
    esrf_policy,
    failed_prepare,
    mca_1d,
    sequence_group,
);
