//! How the page draws the last image of a detector.

use serde_json::json;
use simulation::publish::StreamPublisher;

use crate::browser::Browser;
use crate::fixture::{Fixture, end, wait_until};
use crate::page::{PIXELS_OF, assert_is_quiet, click_control, open};

/// The lowest and the highest colour.
const DARKEST: [u64; 3] = [68, 1, 84];
const BRIGHTEST: [u64; 3] = [253, 231, 37];

/// Images that are published until one is drawn, at most.
const MOST_ATTEMPTS: usize = 10_000;

/// Publishes an image of two rows and three columns.
async fn send_image(stream: &StreamPublisher, pixels: [u16; 6]) {
    let bytes: Vec<u8> = pixels
        .iter()
        .flat_map(|pixel| pixel.to_le_bytes())
        .collect();
    stream.send(&bytes, 1).await.unwrap();
    stream.settle().await.unwrap();
}

/// Returns the pixels of the image, from the upper left, if it is drawn with so many columns. `None` stands for a pixel without a
/// colour.
fn pixels(browser: &Browser, columns: usize) -> Vec<Option<[u64; 3]>> {
    let script = format!(
        "{PIXELS_OF} const {{ width, data }} = pixelsOf('.picture-frame canvas'); \
         return width === {columns} ? [...data] : []"
    );
    let answer = browser.run(&script);
    let numbers = answer.as_array().unwrap().iter();
    let numbers: Vec<u64> = numbers.map(|number| number.as_u64().unwrap()).collect();
    let (pixels, _) = numbers.as_chunks::<4>();
    let coloured =
        |[red, green, blue, opacity]: &[u64; 4]| (*opacity == 255).then_some([*red, *green, *blue]);
    pixels.iter().map(coloured).collect()
}

/// Waits until the image is drawn with so many columns, and its pixels are as wanted. Returns them.
fn wait_for_pixels(
    browser: &Browser,
    columns: usize,
    are_wanted: impl Fn(&[Option<[u64; 3]>]) -> bool,
) -> Vec<Option<[u64; 3]>> {
    let mut found = Vec::new();
    wait_until("the image", || {
        found = pixels(browser, columns);
        !found.is_empty() && are_wanted(&found)
    });
    found
}

#[tokio::test]
async fn the_last_image_is_drawn_turned_and_on_a_logarithmic_scale() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let streams = [("camera", "<u2", &[2, 3][..])];
    let file = fixture.file("scans.h5");
    let (scan, publishers) = fixture.start("demo", &file, 1, json!({}), &streams).await;
    open(&browser, &watched, "");
    browser.wait_for_text(".plots h2", "Last image");
    browser.wait_for_text(".plots .note", "There is no image yet.");
    send_image(&publishers[0], [0, 1, 10, 100, 1000, 10_000]).await;
    let linear = wait_for_pixels(&browser, 3, |_| true);
    assert_eq!((linear[0], linear[5]), (Some(DARKEST), Some(BRIGHTEST)));
    // What is far from the highest value looks the same on a linear scale.
    assert_eq!(linear[1], Some(DARKEST));
    assert_eq!(browser.text(".plots .note"), "");
    browser.wait_for_text(".plots .readout", "Point 0 of the scan");

    click_control(&browser, "Logarithmic");
    // Zero has no logarithm.
    let logarithmic = wait_for_pixels(&browser, 3, |pixels| pixels[0].is_none());
    assert_eq!(
        (logarithmic[1], logarithmic[5]),
        (Some(DARKEST), Some(BRIGHTEST))
    );
    let greens: Vec<u64> = logarithmic
        .iter()
        .flatten()
        .map(|[_, green, _]| *green)
        .collect();
    assert!(
        greens.is_sorted_by(|low, high| high - low > 20),
        "{greens:?}"
    );

    click_control(&browser, "First row at the bottom");
    let flipped = wait_for_pixels(&browser, 3, |pixels| pixels[3].is_none());
    assert_eq!(flipped, [&logarithmic[3..], &logarithmic[..3]].concat());
    click_control(&browser, "Mirrored");
    let mirrored = wait_for_pixels(&browser, 3, |pixels| pixels[5].is_none());
    assert_eq!(
        mirrored,
        logarithmic.iter().rev().copied().collect::<Vec<_>>()
    );
    click_control(&browser, "Swap rows and columns");
    let swapped = wait_for_pixels(&browser, 2, |_| true);
    assert_eq!(swapped, [5, 2, 4, 1, 3, 0].map(|pixel| logarithmic[pixel]));

    // The next image takes its place.
    for control in [
        "First row at the bottom",
        "Mirrored",
        "Swap rows and columns",
        "Logarithmic",
    ] {
        click_control(&browser, control);
    }
    let next = [Some(BRIGHTEST), Some(DARKEST), Some(DARKEST)];
    // Of images that come faster than one per second, some are left out.
    let mut attempts = 0;
    while !pixels(&browser, 3).starts_with(&next) {
        send_image(&publishers[0], [7, 0, 0, 0, 0, 0]).await;
        attempts += 1;
        assert!(attempts < MOST_ATTEMPTS, "the next image is not drawn");
    }
    end(scan).await;
    browser.wait_for_text(".summary .badge", "Complete");
    assert_is_quiet(&browser, &watched);
    watched.end();
}
