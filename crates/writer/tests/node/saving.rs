//! Saves scans of nodes in this process.

#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(dead_code, reason = "each test uses a part")]

use std::sync::Arc;

use bliss_node::store::NodeStore;
use writer::WriterThread;
use writer::options::SaveOptions;
use writer::report::ScanReport;
use writer::scan::NexusScanWriter;
use writer::source::ScanId;
use writer::source::node::scan_store;

/// Saves a scan, and returns what the writer reports about it.
pub async fn save(store: &NodeStore, scan: &str) -> ScanReport {
    let store = scan_store(store);
    let thread = WriterThread::start(Arc::default()).unwrap();
    let (scan, options) = (ScanId::new(scan), SaveOptions::default());
    let writer = NexusScanWriter::start(&thread, &store, scan, None, options).unwrap();
    let report = writer.report().await;
    thread.stop().await.unwrap();
    report
}
