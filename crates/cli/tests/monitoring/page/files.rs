//! What the page shows of files.

use nexus::h5::{ChunkedOptions, Filter, Group};
use nexus::tree::{ByteOrder, ElementType, Value};
use serde_json::{Value as Json, json};

use super::accessible::{set_scheme, violations};
use crate::browser::Browser;
use crate::files::Saved;
use crate::fixture::{Fixture, end, send};
use crate::page::{assert_is_quiet, number, open};

/// What somebody would write into a file to have the page run a program.
const HOSTILE: &str = "<img src=x onerror=\"document.title = 'hit'\"><b>bold</b>";

const DOWN: char = '\u{e015}';
const RIGHT: char = '\u{e014}';
const LEFT: char = '\u{e012}';
const HOME: char = '\u{e011}';
const ENTER: char = '\u{e007}';

fn doubles(shape: &[u64], numbers: impl IntoIterator<Item = f64>) -> Value {
    Value::Numbers {
        element: ElementType::Float(8, ByteOrder::Little),
        shape: shape.to_vec(),
        bytes: numbers.into_iter().flat_map(f64::to_le_bytes).collect(),
    }
}

/// Adds a curve that is plotted by default, an image, and texts of somebody hostile.
pub fn add_more(root: &Group) {
    let entry = root.create_group("1.1").unwrap();
    entry.set_attribute("NX_class", &"NXentry".into()).unwrap();
    entry.set_attribute("comment", &HOSTILE.into()).unwrap();
    entry.set_attribute("default", &"plot".into()).unwrap();
    entry.create_value("title", &HOSTILE.into()).unwrap();
    let early = entry.create_group("early").unwrap();
    early.set_attribute("default", &"missing".into()).unwrap();
    let plot = entry.create_group("plot").unwrap();
    plot.set_attribute("NX_class", &"NXdata".into()).unwrap();
    plot.set_attribute("signal", &"counts".into()).unwrap();
    plot.set_attribute("axes", &"position".into()).unwrap();
    let places = (0..50).map(f64::from);
    plot.create_value("position", &doubles(&[50], places.clone()))
        .unwrap();
    plot.create_value("counts", &doubles(&[50], places.map(|place| place * place)))
        .unwrap();
    entry
        .create_value("image", &doubles(&[4, 6], (0..24).map(f64::from)))
        .unwrap();
    let options = ChunkedOptions {
        element: &ElementType::Int(4, ByteOrder::Little),
        shape: &[500],
        max_shape: &[None],
        chunk: &[128],
        filters: &[Filter::Shuffle, Filter::Deflate(4)],
        fill: None,
        cache: None,
    };
    let long = entry.create_chunked("long", &options).unwrap();
    let bytes: Vec<u8> = (0i32..500)
        .flat_map(|number| (2 * number).to_le_bytes())
        .collect();
    long.write_block(&[0], &[500], &bytes).unwrap();
}

/// Follows the link to the file in the history.
pub fn open_from_history(browser: &Browser, saved: &Saved) {
    open(browser, &saved.watched, "#/history");
    browser.wait_for("document.querySelector('table.scans a[href^=\"#/file/\"]')");
    browser.run("document.querySelector('table.scans a[href^=\"#/file/\"]').click()");
}

#[tokio::test]
async fn a_file_is_walked_by_keys_and_drawn() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let saved = Saved::new().await;
    saved.change(add_more);
    open_from_history(&browser, &saved);
    browser.wait_for_text("main h1", "scans.h5");
    browser.wait_for("document.querySelectorAll('[role=treeitem]').length >= 3");
    browser.run("document.querySelector('[role=treeitem]').focus()");
    browser.press(&[HOME]);
    let focused = "document.activeElement.dataset.path";
    let go_to = |path: &str| {
        browser.run(&format!(
            "document.querySelector('[data-path=\"{path}\"]').focus()"
        ));
        browser.wait_for(&format!("{focused} === '{path}'"));
    };
    go_to("/1.1");
    browser.press(&[RIGHT]);
    browser.wait_for("document.querySelector('[data-path=\"/1.1/image\"]')");
    browser.press(&[RIGHT]);
    browser.wait_for(&format!("{focused}.startsWith('/1.1/')"));
    browser.press(&[DOWN, LEFT]);
    browser.wait_for(&format!("{focused} === '/1.1'"));
    browser.press(&[ENTER]);
    // What the entry wants to be plotted, and its attributes as text.
    browser.wait_for_text(".file-object h2", "/1.1");
    browser.wait_for("document.querySelector('.file-plot .uplot canvas')");
    browser.wait_for_text(".file-object", "Plot of counts");
    browser.wait_for_text(".file-object", HOSTILE);
    browser.wait_for("document.querySelector('.file-plot .plot')?.getAttribute('aria-label')?.includes('counts over position, 50 points')");
    go_to("/1.1/title");
    browser.press(&[ENTER]);
    browser.wait_for_text(".file-value", HOSTILE);
    assert_eq!(
        number(
            &browser,
            "document.querySelectorAll('main img, main b').length"
        ),
        0.0
    );
    assert_ne!(browser.run("return document.title"), "hit");
    // What is to be plotted may not be there yet.
    go_to("/1.1/early");
    browser.press(&[ENTER]);
    browser.wait_for_text(".file-object table", "missing");
    // A picture, whose pixels can be pointed at with the keys.
    go_to("/1.1/image");
    browser.press(&[ENTER]);
    browser.wait_for("document.querySelector('.file-plot .picture-frame canvas')?.width === 6");
    browser.run("document.querySelector('.file-plot .picture-frame canvas').focus()");
    browser.press(&[DOWN, RIGHT]);
    browser.wait_for_text(".file-plot .readout", "Row 1, column 1: 7");
    // A long dataset in pages of 200 rows, and how it is stored.
    go_to("/1.1/long");
    browser.press(&[ENTER]);
    browser.wait_for_text(".file-values .note", "Rows 0 to 199 of 500.");
    browser.wait_for_text(".facts-list", "shuffle, deflate");
    browser.wait_for_text(".facts-list", "128");
    browser.wait_for_text(".facts-list", "int32");
    assert_eq!(
        number(
            &browser,
            "document.querySelectorAll('.file-values tbody tr').length"
        ),
        200.0
    );
    browser.run("document.querySelectorAll('.file-values button')[1].click()");
    browser.wait_for_text(".file-values .note", "Rows 200 to 399 of 500.");
    browser.wait_for_text(".file-values tbody", "400");
    // The address leads to the same place.
    browser.run("location.reload()");
    browser.wait_for_text(".file-object h2", "/1.1/long");
    browser.wait_for("document.querySelector('[data-path=\"/1.1/long\"]')?.getAttribute('aria-selected') === 'true'");
    assert_is_quiet(&browser, &saved.watched);
    saved.watched.end();
}

#[tokio::test]
async fn the_view_of_a_file_is_closed_to_nobody() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let saved = Saved::new().await;
    saved.change(add_more);
    for path in ["1.1", "1.1/image"] {
        open(
            &browser,
            &saved.watched,
            &format!("#/file/{}/{path}", saved.id),
        );
        browser.run("location.reload()");
        browser.wait_for("document.querySelector('.file-plot canvas')");
        browser.wait_for("document.querySelector('.file-object table, .file-values table')");
        browser.run(
            "document.querySelectorAll('details').forEach(details => { details.open = true })",
        );
        for scheme in ["light", "dark"] {
            set_scheme(&browser, scheme);
            assert_eq!(violations(&browser), Vec::<Json>::new(), "{path}, {scheme}");
        }
    }
    let size = json!({"width": 360, "height": 800, "deviceScaleFactor": 3, "mobile": false});
    browser.tools("Emulation.setDeviceMetricsOverride", size);
    let beyond = number(
        &browser,
        "document.documentElement.scrollWidth - innerWidth",
    );
    assert!(beyond <= 0.0, "{beyond} px too wide");
    saved.watched.end();
}

#[tokio::test]
async fn a_file_that_grows_is_read_again() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let (scan, diode) = fixture.start_scan("demo", &fixture.file("scans.h5")).await;
    send(&diode, &[1.0, 2.0]).await;
    open(&browser, &watched, "");
    browser.wait_for("document.querySelector('.files a[href^=\"#/file/\"]')");
    let address = browser.run("return document.querySelector('.files a').hash.split('/')[2]");
    let id = address.as_str().unwrap().to_owned();
    watched.wait_for_json(
        &format!("/api/h5grove/stats?file={id}&path=/diode"),
        |stats| stats["max"] == 2.0,
    );
    browser.run(&format!("location.hash = '#/file/{id}/diode'"));
    browser.wait_for_text(".summary .note", "A scan is being saved in this file");
    browser.wait_for_text(".facts-list", "2");
    browser.wait_for("document.querySelectorAll('.file-values tbody tr').length === 2");
    send(&diode, &[3.0, 4.0]).await;
    watched.wait_for_json(
        &format!("/api/h5grove/stats?file={id}&path=/diode"),
        |stats| stats["max"] == 4.0,
    );
    browser.run("document.querySelector('.summary-head button').click()");
    browser.wait_for("document.querySelectorAll('.file-values tbody tr').length === 4");
    end(scan).await;
    watched.wait_for_json("/api/v1/state", |state| state["last"].is_object());
    watched.end();
}
