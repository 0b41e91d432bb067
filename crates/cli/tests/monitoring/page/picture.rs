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
    fs::write(Path::new(&path), browser.picture()).unwrap();
    simulation.wait_for("published");
    watched.end();
}
