//! What the page draws.

use std::path::Path;

use serde_json::json;
use simulation::publish::{ScanPublisher, StreamPublisher};

use crate::browser::Browser;
use crate::fixture::{Fixture, end, send};
use crate::page::{PIXELS_OF, assert_is_quiet, number, open};

const RIGHT: char = '\u{e014}';
const UP: char = '\u{e013}';

/// Starts a scan of 3 rows and 4 columns, whose rows go forth and back. Its streams are fast axis, slow axis, diode.
async fn start_mesh(fixture: &Fixture, file: &Path) -> (ScanPublisher, [StreamPublisher; 3]) {
    let info = json!({
        "title": "amesh samy 0 3 4 samz 0 2 3 0.1",
        "data_dim": 2,
        "npoints": 12,
        "npoints1": 4,
        "npoints2": 3,
        "channels": {
            "samy": {"axis_id": 0, "axis_kind": "backnforth", "axis_points": 4, "unit": "mm"},
            "samz": {"axis_id": 1, "axis_kind": "forth", "axis_points": 3, "unit": "mm"},
            "diode": {},
        },
        "acquisition_chain": {"axis": {"master": {"scalars": ["samy", "samz"]}, "scalars": ["diode"]}},
    });
    let streams = ["samy", "samz", "diode"].map(|name| (name, "<f8", &[][..]));
    let (scan, streams) = fixture.start("demo", file, 1, info, &streams).await;
    (scan, streams.try_into().unwrap_or_else(|_| unreachable!()))
}

/// Publishes some points of such a scan: the diode has the number of the point.
async fn send_mesh([fast, slow, diode]: &[StreamPublisher; 3], points: std::ops::Range<usize>) {
    for point in points {
        let (row, place) = (point / 4, point % 4);
        let column = if row % 2 == 0 { place } else { 3 - place };
        send(fast, &[column as f64]).await;
        send(slow, &[row as f64]).await;
        send(diode, &[point as f64]).await;
    }
}

/// An expression of JavaScript: the opacity of every pixel of the map, from the upper left.
fn opacities() -> String {
    format!(
        "(() => {{ {PIXELS_OF} const {{ width, data }} = pixelsOf('.picture canvas'); \
         return width === 4 ? [...data].filter((_, at) => at % 4 === 3) : []; }})()"
    )
}

/// Waits until so many points of the map are drawn.
fn wait_for_points(browser: &Browser, points: usize) {
    browser.wait_for(&format!(
        "{}.filter(opacity => opacity === 255).length === {points}",
        opacities()
    ));
}

/// Returns `true` if a point of the map, whose first row is the lowest, is drawn.
fn is_drawn(browser: &Browser, row: usize, column: usize) -> bool {
    let pixel = (2 - row) * 4 + column;
    number(browser, &format!("{}[{pixel}]", opacities())) == 255.0
}

#[tokio::test]
async fn a_map_fills_in_the_order_of_the_scan() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let (scan, streams) = start_mesh(&fixture, &fixture.file("mesh.h5")).await;
    open(&browser, &watched, "");
    browser.wait_for_text("main h2", "Map");
    send_mesh(&streams, 0..4).await;
    wait_for_points(&browser, 4);
    send_mesh(&streams, 4..6).await;
    wait_for_points(&browser, 6);
    // The second row goes back: its right half is there.
    for (row, column, expected) in [
        (0, 0, true),
        (0, 3, true),
        (1, 0, false),
        (1, 1, false),
        (1, 2, true),
        (1, 3, true),
    ] {
        let found = is_drawn(&browser, row, column);
        assert_eq!(found, expected, "row {row}, column {column}");
    }
    send_mesh(&streams, 6..12).await;
    wait_for_points(&browser, 12);
    browser.wait_for_text(".axis-across", "samy");
    browser.wait_for_text(".axis-down", "samz");
    end(scan).await;
    browser.wait_for_text(".summary .badge", "Complete");
    // From the upper left to the last column of the row in the middle, whose first point is there.
    browser.run("document.querySelector('.picture canvas').focus()");
    browser.press(&['\u{e015}', RIGHT, RIGHT, RIGHT]);
    browser.wait_for_text(".picture .readout", "Row 1, column 3: 4");
    browser.press(&[UP]);
    browser.wait_for_text(".picture .readout", "Row 2, column 3: 11");
    assert_is_quiet(&browser, &watched);
    watched.end();
}

#[tokio::test]
async fn channels_are_chosen_and_remembered() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let (scan, streams) = start_mesh(&fixture, &fixture.file("mesh.h5")).await;
    send_mesh(&streams, 0..12).await;
    open(&browser, &watched, "");
    browser.wait_for("document.querySelectorAll('.channel').length === 3");
    browser.wait_for("document.querySelectorAll('.channel input:checked').length === 1");
    browser.run(
        "[...document.querySelectorAll('.channel')].find(row => row.title === 'samz').querySelector('input').click()",
    );
    browser.wait_for("document.querySelectorAll('.channel .line-sample').length === 2");
    browser.run("location.reload()");
    browser.wait_for("document.querySelectorAll('.channel input:checked').length === 2");
    end(scan).await;
    browser.wait_for_text(".summary .badge", "Complete");
    assert_is_quiet(&browser, &watched);
    watched.end();
}
