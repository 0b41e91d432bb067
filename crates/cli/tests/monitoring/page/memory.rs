//! What the page needs of the computer on which it is open.

use serde_json::json;

use crate::browser::Browser;
use crate::fixture::{Fixture, end};
use crate::page::{assert_is_quiet, open};

/// Points of the scan, and of a block.
const POINTS: u64 = 1_000_000;
const BLOCK: u64 = 10_000;

/// Most bytes that JavaScript may keep.
const MOST_BYTES: f64 = 100e6;

/// Returns how many bytes JavaScript keeps.
fn heap(browser: &Browser) -> f64 {
    browser.tools("HeapProfiler.collectGarbage", json!({}));
    let usage = browser.tools("Runtime.getHeapUsage", json!({}));
    let parts = ["usedSize", "embedderHeapUsedSize", "backingStorageSize"];
    parts
        .iter()
        .map(|part| usage[*part].as_f64().unwrap_or(0.0))
        .sum()
}

#[tokio::test]
async fn a_long_scan_needs_little_memory() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let streams = [("samy", "<f8", &[][..]), ("diode", "<f8", &[][..])];
    let info = json!({
        "title": "ascan samy 0 1 1000000 1e-6", "npoints": POINTS,
        "channels": {"samy": {"axis_id": 0, "axis_kind": "forth"}},
    });
    let file = fixture.file("scans.h5");
    let (scan, publishers) = fixture.start("demo", &file, 1, info, &streams).await;
    open(&browser, &watched, "");
    browser.wait_for_text(".panel.wide h2", "Curves");
    for first in (0..POINTS).step_by(BLOCK as usize) {
        let points = (first..first + BLOCK).map(|point| point as f64);
        let bytes: Vec<u8> = points.flat_map(f64::to_le_bytes).collect();
        for stream in &publishers {
            stream.send(&bytes, BLOCK).await.unwrap();
        }
    }
    for stream in &publishers {
        stream.settle().await.unwrap();
    }
    browser.wait_for_text(".progress-text", "1,000,000 of 1,000,000 points (100 %)");
    browser.wait_for("document.querySelector('.panel.wide canvas')");
    browser.run("document.querySelectorAll('details').forEach(details => { details.open = true })");
    browser.wait_for("document.querySelector('.panel.wide details tbody tr')");
    let running = heap(&browser);
    end(scan).await;
    browser.wait_for_text(".summary .badge", "Complete");
    let ended = heap(&browser);
    for used in [running, ended] {
        assert!((1e6..MOST_BYTES).contains(&used), "{used} bytes");
    }
    // A table of all points would be another way to fill the memory.
    let elements = browser.run("return document.querySelectorAll('*').length");
    assert!(elements.as_u64().unwrap() < 5000, "{elements} elements");
    assert_is_quiet(&browser, &watched);
    watched.end();
}
