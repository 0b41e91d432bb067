//! What the page says when the writer does not answer, has no room, or wants its token.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::browser::Browser;
use crate::fixture::{Fixture, WRITER, Watched, end, send, without_redis};
use crate::page::{assert_is_quiet, open};

/// Streams of events that a writer serves at the same time.
const MOST_STREAMS: usize = 16;

/// Starts another writer where an earlier one has answered.
fn start_again(fixture: &Fixture, address: SocketAddr) -> Watched {
    let mut command = Command::new(WRITER);
    command.args(["run", &fixture.url()]);
    command.arg(format!("--http-listen={address}"));
    Watched::start(&mut command)
}

#[tokio::test]
async fn what_is_old_is_called_old_until_the_writer_is_back() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let address = watched.address;
    fixture.scan("demo", &fixture.file("scans.h5")).await;
    open(&browser, &watched, "");
    browser.wait_for_text(".summary .badge", "Complete");
    watched.end();
    browser.wait_for_text("#connection", "No connection");
    browser.wait_for_text("#old", "What is shown is old");
    browser.wait_for_text("#head", "The writer does not answer.");
    browser.wait_for_text("#old", "s old)");
    // What was known is still there, in grey.
    assert!(browser.text("main h1").contains("1_loopscan"));
    browser.wait_for("getComputedStyle(document.querySelector('main')).filter === 'grayscale(1)'");
    let again = start_again(&fixture, address);
    browser.wait_for_text("#connection", "Live");
    browser.wait_for_text("#head", "Ready");
    browser.wait_for("document.getElementById('old').hidden");
    browser.wait_for("getComputedStyle(document.querySelector('main')).filter === 'none'");
    // Scans of the next writer are followed.
    let (scan, diode) = fixture.start_scan("next", &fixture.file("next.h5")).await;
    browser.wait_for_text(".summary", "Session next");
    send(&diode, &[1.0, 4.0]).await;
    browser.wait_for_text(".channel-value", "4");
    end(scan).await;
    browser.wait_for_text(".summary .badge", "Complete");
    again.end();
}

#[tokio::test]
async fn the_log_is_that_of_the_next_writer() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let address = watched.address;
    // So that it has more lines than the next one.
    fixture.scan("demo", &fixture.file("scans.h5")).await;
    watched.wait_for_json("/api/v1/state", |state| state["last"].is_object());
    open(&browser, &watched, "#/log");
    browser.wait_for_text("table.log", "Finished writing");
    watched.end();
    let again = start_again(&fixture, address);
    browser.wait_for_text("#connection", "Live");
    browser.wait_for("!document.querySelector('table.log').innerText.includes('Finished writing')");
    browser.wait_for_text("table.log", "subscribed");
    again.end();
}

#[tokio::test]
async fn a_hidden_page_takes_no_stream() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let viewers = |count: f64| {
        watched.wait_for_metrics(&format!("{count} streams of events"), |metrics| {
            metrics.value("nexus_writer_http_viewers") == count
        })
    };
    open(&browser, &watched, "");
    viewers(1.0);
    browser.wait_for_text("#head", "Ready");
    browser.hide();
    viewers(0.0);
    browser.requests();
    // A hidden page asks for the state at regular times instead.
    let (scan, _diode) = fixture.start_scan("demo", &fixture.file("scans.h5")).await;
    browser.wait_for_text("#head", "Saving");
    let asked = browser.requests();
    assert!(
        asked.iter().all(|url| url.ends_with("/api/v1/state")),
        "{asked:?}"
    );
    assert_eq!(watched.metrics().value("nexus_writer_http_viewers"), 0.0);
    browser.show();
    viewers(1.0);
    browser.wait_for_text("#connection", "Live");
    browser.wait_for_text("main h1", "1_loopscan");
    end(scan).await;
    browser.wait_for_text("#head", "Ready");
    assert_is_quiet(&browser, &watched);
    watched.end();
}

#[test]
fn what_is_waited_for_is_said() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let watched = without_redis(&[]);
    open(&browser, &watched, "");
    browser.wait_for_text("#head", "Waiting for Redis since");
    browser.wait_for_text(".surroundings", "Not connected");
    let sessions = "[...document.querySelectorAll('.surroundings section')].find(({ innerText }) => innerText.startsWith('Sessions'))";
    browser.wait_for(&format!("{sessions}.querySelector('li.warn')"));
    watched.end();
}

#[test]
fn a_viewer_without_a_stream_asks_now_and_then() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let watched = without_redis(&[]);
    let streams: Vec<_> = (0..MOST_STREAMS)
        .map(|_| {
            let mut stream = TcpStream::connect(watched.address).unwrap();
            let request = "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
            stream.write_all(request.as_bytes()).unwrap();
            let mut start = [0; 15];
            stream.read_exact(&mut start).unwrap();
            assert_eq!(&start, b"HTTP/1.1 200 OK");
            stream
        })
        .collect();
    browser.open(&format!("http://{}/", watched.address));
    browser.wait_for_text("#connection", "Every 10 s");
    browser.wait_for_text("#head", "Waiting for Redis since");
    drop(streams);
    browser.wait_for_text("#connection", "Live");
    watched.end();
}

#[test]
fn a_token_in_the_address_opens_the_page_and_is_taken_out_of_it() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let token = "correct-horse-battery";
    fs::write(&file, token).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let watched = without_redis(&[&format!("--http-token-file={}", file.display())]);
    browser.open(&format!("http://{}/", watched.address));
    browser.wait_for_text("main h1", "A token is needed");
    browser.run(
        "document.getElementById('token').value = 'a-wrong-one'; \
         document.querySelector('main form button').click()",
    );
    browser.wait_for("document.querySelector('.login .note').innerText !== ''");
    browser.run(&format!("location.hash = '#token={token}'"));
    browser.wait_for_text("#connection", "Live");
    browser.wait_for_text("#head", "Waiting for Redis since");
    assert_eq!(browser.run("return location.hash"), "#/");
    watched.end();
}
