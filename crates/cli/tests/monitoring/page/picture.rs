//! The picture of the page that the documentation shows.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use testing::Program;

use crate::browser::Browser;
use crate::fixture::{Fixture, WRITER};
use crate::page::open;

/// A variable with the file that the picture is written to, as PNG.
const PICTURE: &str = "NEXUS_WRITER_PICTURE";

#[tokio::test]
#[ignore = "makes a picture for the documentation: ./dev picture"]
async fn the_page_is_pictured() {
    let path = std::env::var_os(PICTURE).expect("NEXUS_WRITER_PICTURE names no file");
    let browser = Browser::start().expect("a browser is needed");
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let mut command = Command::new(WRITER);
    command.args(["simulate", &fixture.url(), "--kind=mesh", "--points=900"]);
    command.args(["--rate=60", "--session=id00", "--first=12"]);
    command.arg(format!("--file={}", fixture.file("sample.h5").display()));
    let mut simulation = Program::start(&mut command);
    simulation.wait_for("publishing scan");
    let size = json!({"width": 1440, "height": 900, "deviceScaleFactor": 1, "mobile": false});
    browser.tools("Emulation.setDeviceMetricsOverride", size);
    open(&browser, &watched, "");
    browser.wait_for("document.querySelector('progress')?.position >= 0.6");
    let encoded = browser.picture();
    fs::write(Path::new(&path), decoded(&encoded)).unwrap();
    simulation.wait_for("published");
    watched.end();
}

/// Decodes base64.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for character in text.bytes() {
        let digit = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = (bits << 6) | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}
