//! What the page says about points that are lost.

use crate::browser::Browser;
use crate::fixture::{Fixture, end};
use crate::page::{assert_is_quiet, open};

const HEAD: &str = "Scan 1_loopscan: 2 points are lost. Redis no longer has them.";
const LOST: &str = "points 0..2 are lost: Redis no longer has them";

#[tokio::test]
async fn lost_points_are_reported_at_the_top_and_beside_the_scan() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let fixture = Fixture::new().await;
    let mut watched = fixture.run(&["--spool-size=0"]);
    let file = fixture.file("scans.h5");
    let (scan, _diode) = fixture.start_scan_with_loss(&mut watched, &file).await;
    open(&browser, &watched, "");
    // While the scan runs.
    browser.wait_for_text("#head", HEAD);
    browser.wait_for_text("#head .sign", "Loss");
    browser.wait_for_text(".summary .badge", "Loss");
    browser.wait_for_text(".figures .bad", "points are missing in the file");
    browser.wait_for("document.title.startsWith('Loss')");
    browser.run("document.querySelector('.scan > details.values').open = true");
    browser.wait_for_text(
        ".panel.wide > .note",
        "2 points are lost, and missing in the file, too.",
    );
    assert!(
        !browser
            .text(".panel.wide > .note")
            .contains("The file has them")
    );
    // The first and the second point.
    browser.wait_for_text(".scan > details tbody td:last-child", "0–1");
    end(scan).await;
    browser.wait_for_text(".summary .badge", "Incomplete");
    browser.wait_for_text("#head", HEAD);
    // The earlier warning, that the file was locked, is not the reason.
    browser.wait_for_text(".summary .reason", LOST);
    assert!(!browser.text(".summary .warnings").contains(LOST));
    for view in ["#/", "#/history"] {
        browser.run(&format!("location.hash = '{view}'"));
        browser.wait_for_text("table.scans tbody tr .badge", "Incomplete");
        browser.wait_for_text("table.scans tbody tr .cell-reason", LOST);
    }
    assert_is_quiet(&browser, &watched);
    watched.end();
}
