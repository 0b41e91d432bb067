//! The page can be used by everybody: what axe finds, in every view, light and dark, and at 200 %.

use serde_json::{Value as Json, json};

use crate::browser::Browser;
use crate::fixture::{Fixture, end, send};
use crate::page::{assert_is_quiet, number, open};

/// axe-core 4.14.1 of Deque Systems (MPL-2.0, see axe.LICENSE), as it is in the npm package.
const AXE: &str = include_str!("axe.min.js");

/// Returns what axe has to say against the page as it is now.
pub fn violations(browser: &Browser) -> Vec<Json> {
    browser.run(AXE);
    let script = "return axe.run().then(({ violations }) => violations.map(({ id, nodes }) => \
                  [id, nodes.map(node => node.html)]))";
    browser.run(script).as_array().unwrap().clone()
}

pub fn set_scheme(browser: &Browser, scheme: &str) {
    let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
    browser.tools("Emulation.setEmulatedMedia", json!({"features": features}));
}

#[tokio::test]
async fn no_view_is_closed_to_anybody() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let (scan, diode) = fixture.start_scan("demo", &fixture.file("scans.h5")).await;
    send(&diode, &[1.0, 2.0, 3.0]).await;
    open(&browser, &watched, "");
    browser.wait_for_text(".channel-value", "3");
    browser.run("document.querySelectorAll('details').forEach(details => { details.open = true })");
    browser.wait_for("document.querySelector('.panel.wide details table')");
    for scheme in ["light", "dark"] {
        set_scheme(&browser, scheme);
        assert_eq!(violations(&browser), Vec::<Json>::new(), "a scan, {scheme}");
    }
    end(scan).await;
    browser.wait_for_text(".summary .badge", "Complete");
    for view in ["#/", "#/history", "#/log"] {
        browser.run(&format!("location.hash = '{view}'"));
        browser.wait_for("document.querySelector('main tbody tr')");
        for scheme in ["light", "dark"] {
            set_scheme(&browser, scheme);
            assert_eq!(violations(&browser), Vec::<Json>::new(), "{view}, {scheme}");
        }
    }
    assert_is_quiet(&browser, &watched);
    watched.end();
}

#[tokio::test]
async fn nothing_is_cut_off_on_a_phone_or_at_200_percent() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    fixture.scan("demo", &fixture.file("scans.h5")).await;
    open(&browser, &watched, "");
    browser.wait_for("document.querySelector('.panel.wide canvas')");
    for (width, scale) in [(640, 2), (360, 3)] {
        let size =
            json!({"width": width, "height": 800, "deviceScaleFactor": scale, "mobile": false});
        browser.tools("Emulation.setDeviceMetricsOverride", size);
        for view in ["#/", "#/history", "#/log"] {
            browser.run(&format!("location.hash = '{view}'"));
            browser.wait_for("document.querySelector('main tbody tr')");
            let beyond = number(
                &browser,
                "document.documentElement.scrollWidth - innerWidth",
            );
            assert!(
                beyond <= 0.0,
                "{view} is {beyond} px too wide at {width} px"
            );
        }
    }
    watched.end();
}
