//! A file in H5Web.

use super::files::{add_more, open_from_history};
use crate::browser::Browser;
use crate::files::Saved;
use crate::page::assert_is_quiet;

#[tokio::test]
async fn a_file_is_shown_in_h5web() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let saved = Saved::new().await;
    saved.change(add_more);
    open_from_history(&browser, &saved);
    browser.wait_for_text(".summary-head a", "Open in H5Web");
    browser.run("document.querySelector('.summary-head a').click()");
    browser.wait_for("location.pathname === '/h5web/'");
    browser.wait_for_text("[role=tree]", "1.1");
    browser.wait_for("document.title.startsWith('scans.h5')");
    browser.run("[...document.querySelectorAll('[role=treeitem]')].find(item => item.innerText.includes('1.1')).click()");
    // What the entry wants to be plotted.
    browser.wait_for("document.querySelector('canvas')?.width > 100");
    browser.wait_for("document.body.innerText.includes('counts')");
    let index = saved.watched.get("/h5web/");
    let policy = index.header("content-security-policy").unwrap();
    assert!(policy.contains("'unsafe-eval'"), "{policy}");
    let page = saved.watched.get("/");
    assert!(
        !page
            .header("content-security-policy")
            .unwrap()
            .contains("unsafe")
    );
    assert_is_quiet(&browser, &saved.watched);
    saved.watched.end();
}
