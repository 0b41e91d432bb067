//! The page of a writer that runs, in a browser.

mod accessible;
mod connection;
mod files;
#[cfg(feature = "h5web")]
mod h5web;
mod images;
mod losses;
mod memory;
mod picture;
mod plots;
mod scans;
mod spectra;
mod states;

use serde_json::Value as Json;

use crate::browser::Browser;
use crate::fixture::Watched;

/// Opens the page of a writer at one of its views, and waits for the first state.
fn open(browser: &Browser, watched: &Watched, view: &str) {
    browser.open(&format!("http://{}/{view}", watched.address));
    browser.wait_for_text("#connection", "Live");
}

/// The page has asked nobody but its writer, and has written nothing to the console.
fn assert_is_quiet(browser: &Browser, watched: &Watched) {
    assert_eq!(browser.console(), Vec::<String>::new());
    let own = format!("http://{}/", watched.address);
    let requests = browser.requests();
    assert!(!requests.is_empty());
    let foreign = requests
        .iter()
        .filter(|url| !url.starts_with(&own) && !url.starts_with("data:"));
    assert_eq!(foreign.collect::<Vec<_>>(), Vec::<&String>::new());
}

/// Returns the number that an expression of JavaScript has.
fn number(browser: &Browser, expression: &str) -> f64 {
    let found = browser.run(&format!("return {expression}"));
    assert!(matches!(found, Json::Number(_)), "{expression}: {found}");
    found.as_f64().unwrap()
}

/// A function of JavaScript, `pixelsOf`, which returns the pixels of a canvas. A copy is read, as a browser complains about
/// canvases that are read often.
const PIXELS_OF: &str = "const pixelsOf = selector => { \
    const { canvas, canvas: { width, height } } = { canvas: document.querySelector(selector) ?? {} }; \
    if (!width || !height) { return { width: 0, height: 0, data: [] }; } \
    const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true }); \
    copy.drawImage(canvas, 0, 0); \
    return copy.getImageData(0, 0, width, height); };";

/// Clicks the control with this label.
fn click_control(browser: &Browser, label: &str) {
    browser.run(&format!(
        "[...document.querySelectorAll('main label')].find(found => found.textContent === {label:?})\
         .querySelector('input').click()"
    ));
}
