//! How the page draws the last spectrum of an MCA.

use serde_json::json;
use simulation::publish::StreamPublisher;

use crate::browser::Browser;
use crate::fixture::{Fixture, end};
use crate::page::{PIXELS_OF, assert_is_quiet, click_control, open};

/// Publishes a spectrum of four channels.
async fn send_spectrum(stream: &StreamPublisher, counts: [u32; 4]) {
    let bytes: Vec<u8> = counts
        .iter()
        .flat_map(|count| count.to_le_bytes())
        .collect();
    stream.send(&bytes, 1).await.unwrap();
    stream.settle().await.unwrap();
}

/// An expression of JavaScript: how high the curve is at a channel of the spectrum, as a part of the height of the plot; -1 if
/// nothing is drawn there.
fn height_at(channel: u32) -> String {
    format!(
        "(() => {{ {PIXELS_OF} const {{ width, data }} = pixelsOf('.uplot canvas'); \
         const plot = document.querySelector('.uplot .u-over'); \
         if (!plot || width === 0) {{ return -1; }} \
         const scale = devicePixelRatio; \
         const column = Math.round((plot.offsetLeft + plot.offsetWidth * {channel} / 3) * scale); \
         const hue = getComputedStyle(document.documentElement).getPropertyValue('--series-1').trim(); \
         const wanted = [1, 3, 5].map(at => parseInt(hue.slice(at, at + 2), 16)); \
         const [top, height] = [plot.offsetTop * scale, plot.offsetHeight * scale]; \
         for (let row = Math.round(top); row < top + height; row += 1) {{ \
           for (const near of [column - 1, column, column + 1]) {{ \
             const pixel = (row * width + near) * 4; \
             if (data[pixel + 3] > 200 && wanted.every((value, at) => Math.abs(data[pixel + at] - value) < 24)) {{ \
               return 1 - (row - top) / height; }} }} }} \
         return -1; }})()"
    )
}

#[tokio::test]
async fn the_last_spectrum_is_drawn() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let streams = [("mca", "<u4", &[4][..])];
    let file = fixture.file("scans.h5");
    let (scan, publishers) = fixture.start("demo", &file, 1, json!({}), &streams).await;
    open(&browser, &watched, "");
    browser.wait_for_text(".plots h2", "Last spectrum");
    browser.wait_for_text(".plots .note", "There is no spectrum yet.");
    send_spectrum(&publishers[0], [1, 10, 100, 1]).await;
    browser.wait_for(&format!("{} > 0.9", height_at(2)));
    browser.wait_for(&format!("{} < 0.3", height_at(1)));
    browser.wait_for_text(".plots .readout", "Point 0 of the scan");
    assert_eq!(browser.text(".plots .note"), "");
    click_control(&browser, "Logarithmic");
    browser.wait_for(&format!("Math.abs({} - 0.5) < 0.1", height_at(1)));
    click_control(&browser, "Logarithmic");
    browser.wait_for(&format!("{} < 0.3", height_at(1)));
    // The next spectrum takes its place.
    send_spectrum(&publishers[0], [1, 100, 10, 1]).await;
    browser.wait_for(&format!("{} > 0.9", height_at(1)));
    browser.wait_for(&format!("{} < 0.3", height_at(2)));
    browser.run("document.querySelector('.plots details.values').open = true");
    browser.wait_for_text(".plots details tbody", "100");
    end(scan).await;
    browser.wait_for_text(".summary .badge", "Complete");
    assert_is_quiet(&browser, &watched);
    watched.end();
}
