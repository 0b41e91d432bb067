//! Pictures of the page in the states that people see most, in `page` of the target folder. In each of them it can be used by
//! everybody and has written nothing to the console.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};
use testing::Program;

use super::accessible::{set_scheme, violations};
use crate::browser::Browser;
use crate::fixture::{Fixture, WRITER, end, send};
use crate::page::{assert_is_quiet, open};

/// Width of the window in its pixels, and how many of them the screen needs for one of the page.
type Window = (u32, f64);

const USUAL: Window = (1280, 1.0);
/// A page that is twice as large has half as much room.
const TWICE_AS_LARGE: Window = (640, 2.0);

/// The grid of the map.
const ROWS: usize = 20;
const COLUMNS: usize = 30;

/// Pixels of a side of the image.
const SIDE: usize = 256;

/// Channels of the spectrum.
const CHANNELS: usize = 1024;

/// Returns a peak in the middle of a number of places, of height 1.
fn peak(at: usize, places: usize) -> f64 {
    let distance = at as f64 / places as f64 - 0.5;
    (-30.0 * distance * distance).exp()
}

/// Starts a simulated scan in which each kind of data changes from point to point.
fn simulate(fixture: &Fixture, options: &[&str]) -> Program {
    let mut command = Command::new(WRITER);
    command.args(["simulate", &fixture.url(), "--session=id00"]);
    command.args(options);
    command.arg(format!("--file={}", fixture.file("sample.h5").display()));
    let mut simulation = Program::start(&mut command);
    simulation.wait_for("publishing scan");
    simulation
}

/// Takes pictures of the whole page: light, dark, and twice as large. Nothing may be closed to anybody.
fn assert_is_good(browser: &Browser, name: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("page");
    fs::create_dir_all(&folder).unwrap();
    for (variant, scheme, (width, scale)) in [
        ("", "light", USUAL),
        ("-dark", "dark", USUAL),
        ("-200-percent", "light", TWICE_AS_LARGE),
    ] {
        set_scheme(browser, scheme);
        let size = |height: u64| {
            let size = json!({"width": width, "height": height, "deviceScaleFactor": scale, "mobile": false});
            browser.tools("Emulation.setDeviceMetricsOverride", size);
        };
        size(800);
        assert_eq!(violations(browser), Vec::<Json>::new(), "{name}{variant}");
        let beyond = browser.run("return document.documentElement.scrollWidth - innerWidth");
        assert!(
            beyond.as_i64().unwrap() <= 0,
            "{name}{variant} is {beyond} px too wide"
        );
        let height = browser.run("return document.documentElement.scrollHeight");
        size(height.as_u64().unwrap());
        fs::write(
            folder.join(format!("{name}{variant}.png")),
            browser.picture(),
        )
        .unwrap();
    }
    browser.tools("Emulation.clearDeviceMetricsOverride", json!({}));
    set_scheme(browser, "light");
}

#[tokio::test]
async fn the_page_at_rest_is_good() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    open(&browser, &watched, "");
    browser.wait_for_text("#head", "Ready");
    assert_is_good(&browser, "at-rest");
    assert_is_quiet(&browser, &watched);
    watched.end();
}

#[tokio::test]
async fn the_page_is_good_in_a_scan_of_one_axis() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    fixture.scan("demo", &fixture.file("earlier.h5")).await;
    let options = ["--kind=1d", "--points=400", "--rate=20", "--first=12"];
    let simulation = simulate(&fixture, &options);
    open(&browser, &watched, "");
    browser.wait_for("document.querySelector('progress')?.value >= 30");
    browser.wait_for("document.querySelector('.uplot canvas')");
    assert_is_good(&browser, "scan");
    browser.run("location.hash = '#/history'");
    browser.wait_for_text("table.scans tbody", "12_ascan");
    assert_is_good(&browser, "history");
    let file = "table.scans a[href^=\"#/file/\"]";
    browser.run(&format!("document.querySelector('{file}').click()"));
    browser.wait_for_text(".file-object .file-plot", "Plot of");
    browser.wait_for("document.querySelector('.file-plot .uplot canvas')");
    assert_is_good(&browser, "file");
    browser.run("location.hash = '#/'");
    browser.wait_for("document.querySelector('.panel.wide .uplot canvas')");
    assert_is_quiet(&browser, &watched);
    drop(simulation);
    watched.end();
    browser.wait_for_text("#old", "What is shown is old");
    assert_is_good(&browser, "old");
}

#[tokio::test]
async fn the_page_is_good_in_a_map_with_an_image() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let info = json!({
        "title": format!("amesh samy 0 3 {COLUMNS} samz 0 2 {ROWS} 0.1"),
        "data_dim": 2, "npoints": ROWS * COLUMNS, "npoints1": COLUMNS, "npoints2": ROWS,
        "channels": {
            "samy": {"axis_id": 0, "axis_kind": "backnforth", "axis_points": COLUMNS, "unit": "mm"},
            "samz": {"axis_id": 1, "axis_kind": "forth", "axis_points": ROWS, "unit": "mm"},
            "diode": {}, "camera": {}, "mca": {},
        },
    });
    let side = SIDE as u64;
    let streams = [
        ("samy", "<f8", &[][..]),
        ("samz", "<f8", &[][..]),
        ("diode", "<f8", &[][..]),
        ("camera", "<u2", &[side, side]),
        ("mca", "<u4", &[CHANNELS as u64]),
    ];
    let file = fixture.file("map.h5");
    let (scan, streams) = fixture.start("id00", &file, 7, info, &streams).await;
    open(&browser, &watched, "");
    // Images are kept from the first question on.
    browser.wait_for_text(".plots", "There is no image yet.");
    for point in 0..ROWS * COLUMNS * 2 / 3 {
        let (row, place) = (point / COLUMNS, point % COLUMNS);
        let column = if row % 2 == 0 {
            place
        } else {
            COLUMNS - 1 - place
        };
        let counts = peak(row, ROWS) * peak(column, COLUMNS);
        send(&streams[0], &[column as f64 * 0.1]).await;
        send(&streams[1], &[row as f64 * 0.1]).await;
        send(&streams[2], &[1000.0 * counts]).await;
    }
    let pixels =
        (0..SIDE * SIDE).map(|pixel| 5000.0 * peak(pixel / SIDE, SIDE) * peak(pixel % SIDE, SIDE));
    let pixels: Vec<u8> = pixels
        .flat_map(|pixel| (pixel as u16).to_le_bytes())
        .collect();
    let counts = (0..CHANNELS)
        .map(|channel| 3000.0 * peak(channel, CHANNELS) + 100.0 * peak(4 * channel, CHANNELS));
    let counts: Vec<u8> = counts
        .flat_map(|count| (count as u32).to_le_bytes())
        .collect();
    for (stream, data) in [(&streams[3], pixels), (&streams[4], counts)] {
        stream.send(&data, 1).await.unwrap();
        stream.settle().await.unwrap();
    }
    browser.wait_for("document.querySelectorAll('.picture-frame canvas').length === 2");
    browser.wait_for("[...document.querySelectorAll('.picture-frame canvas')].every(canvas => canvas.offsetWidth > 0)");
    browser.wait_for("document.querySelectorAll('.uplot canvas').length === 2");
    assert_is_good(&browser, "map");
    assert_is_quiet(&browser, &watched);
    end(scan).await;
    watched.end();
}

#[tokio::test]
async fn the_page_is_good_when_points_are_lost() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let fixture = Fixture::new().await;
    let mut watched = fixture.run(&["--spool-size=0"]);
    let file = fixture.file("scans.h5");
    let (scan, _diode) = fixture.start_scan_with_loss(&mut watched, &file).await;
    end(scan).await;
    open(&browser, &watched, "");
    browser.wait_for_text(".summary .badge", "Incomplete");
    browser.wait_for_text("table.scans tbody", "Incomplete");
    assert_is_good(&browser, "loss");
    assert_is_quiet(&browser, &watched);
    watched.end();
}
