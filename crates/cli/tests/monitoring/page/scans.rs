//! What the page says about scans.

use serde_json::json;

use crate::browser::Browser;
use crate::fixture::{Fixture, end, send};
use crate::page::{assert_is_quiet, number, open};

/// What a scan of somebody who tries to have the page run a program would be called.
const HOSTILE: &str = "<img src=x onerror=\"document.title = 'hit'\"><b>bold</b>";

#[tokio::test]
async fn a_scan_is_followed_to_its_end() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    open(&browser, &watched, "");
    browser.wait_for_text("#head", "Ready");
    browser.wait_for_text("main h1", "No scan yet");
    let file = fixture.file("scans.h5");
    let (scan, diode) = fixture.start_scan("demo", &file).await;
    browser.wait_for_text("main h1", "1_loopscan");
    browser.wait_for_text("#head", "Saving");
    send(&diode, &[1.0, 2.0, 4.0]).await;
    browser.wait_for_text(".progress-text", "3 points, no end known");
    browser.wait_for("document.querySelector('.panel.wide canvas')");
    browser.wait_for_text(".channel-value", "4");
    send(&diode, &[8.0]).await;
    browser.wait_for_text(".channel-value", "8");
    browser.wait_for("document.title.includes('1_loopscan')");
    end(scan).await;
    browser.wait_for_text(".summary .badge", "Complete");
    browser.wait_for_text("#head", "Ready");
    browser.wait_for_text(".files", file.to_str().unwrap());
    browser.wait_for_text("table.scans tbody", "1_loopscan");
    browser.run("document.querySelector('.panel.wide details').open = true");
    browser.wait_for_text(".panel.wide details table", "diode");
    assert_eq!(
        number(
            &browser,
            "document.querySelectorAll('.panel.wide details tbody tr').length"
        ),
        4.0
    );
    assert_is_quiet(&browser, &watched);
    watched.end();
}

#[tokio::test]
async fn a_scan_that_is_picked_stays_until_the_newest_is_followed_again() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let first = fixture.start_scan("one", &fixture.file("one.h5")).await;
    open(&browser, &watched, "");
    browser.wait_for_text("main h1", "1_loopscan");
    let second = fixture.start_scan("two", &fixture.file("two.h5")).await;
    browser.wait_for_text(".summary", "Session two");
    browser.wait_for("document.querySelectorAll('.running a').length === 2");
    browser.run("document.querySelectorAll('.running a')[1].click()");
    browser.wait_for_text(".summary", "Session one");
    browser.wait_for("location.hash.startsWith('#/scan/')");
    let third = fixture.start_scan("three", &fixture.file("three.h5")).await;
    browser.wait_for("document.querySelectorAll('.running a').length === 3");
    assert!(browser.text(".summary").contains("Session one"));
    browser.run(
        "[...document.querySelectorAll('.scan-strip a')].find(link => link.hash === '#/').click()",
    );
    browser.wait_for_text(".summary", "Session three");
    for (scan, _) in [first, second, third] {
        end(scan).await;
    }
    watched.end();
}

#[tokio::test]
async fn titles_are_text() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let file = fixture.file("scans.h5");
    let diode = ("diode", "<f8", &[][..]);
    let info = json!({"title": HOSTILE});
    let (scan, streams) = fixture.start("demo", &file, 1, info, &[diode]).await;
    open(&browser, &watched, "");
    browser.wait_for_text(".scan-title", HOSTILE);
    send(&streams[0], &[1.0]).await;
    end(scan).await;
    browser.wait_for_text(".summary .badge", "Complete");
    browser.run("location.hash = '#/history'");
    browser.wait_for_text(".cell-title", HOSTILE);
    assert_eq!(
        number(
            &browser,
            "document.querySelectorAll('main img, main b').length"
        ),
        0.0
    );
    assert_ne!(browser.run("return document.title"), "hit");
    assert_is_quiet(&browser, &watched);
    watched.end();
}

#[tokio::test]
async fn history_and_log_can_be_searched() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    fixture.scan("one", &fixture.file("one.h5")).await;
    fixture.scan("two", &fixture.file("two.h5")).await;
    open(&browser, &watched, "#/history");
    browser.wait_for("document.querySelectorAll('table.scans tbody tr').length === 2");
    let type_text = "const field = document.querySelector('main input'); field.value = arguments_; \
                     field.dispatchEvent(new Event('input', { bubbles: true }))";
    browser.run(&type_text.replace("arguments_", "'no such scan'"));
    browser.wait_for_text("main .note", "No scan is like this.");
    browser.run(&type_text.replace("arguments_", "'loopscan'"));
    browser.wait_for("document.querySelectorAll('table.scans tbody tr').length === 2");
    browser.run(
        "const list = document.querySelector('main select'); list.value = 'failed'; \
         list.dispatchEvent(new Event('change', { bubbles: true }))",
    );
    browser.wait_for("document.querySelectorAll('table.scans tbody tr').length === 0");
    browser.run("location.hash = '#/log'");
    browser.wait_for_text("main h1", "Log");
    browser.wait_for("document.querySelectorAll('table.log tbody tr').length > 0");
    assert_is_quiet(&browser, &watched);
    watched.end();
}
