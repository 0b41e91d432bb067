//! A Chromium without a window, which `chromedriver` controls by the protocol WebDriver.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value as Json, json};
use testing::Program;

use crate::fixture::wait_until;

/// A variable that leaves out the tests that need a browser, whatever its value.
const LEAVE_OUT: &str = "NEXUS_WRITER_WITHOUT_BROWSER";

/// How long the driver may take for an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// Width and height of the window.
const WINDOW: [u32; 2] = [1280, 1000];

/// A browser with one page.
pub struct Browser {
    address: SocketAddr,
    session: String,
    _driver: Program,
}

impl Browser {
    /// Starts a browser; `None` if its tests are to be left out.
    pub fn start() -> Option<Browser> {
        if std::env::var_os(LEAVE_OUT).is_some() {
            eprintln!("left out, because {LEAVE_OUT} is set");
            return None;
        }
        let version = Command::new("chromedriver").arg("--version").output();
        assert!(
            version.is_ok(),
            "chromedriver is missing: `./dev setup` installs it on Debian and Ubuntu (packages chromium, \
             chromium-driver); with {LEAVE_OUT}=1 the tests of the page are left out"
        );
        let (driver, address) = start_driver();
        // Root has no sandbox, and containers have little shared memory.
        let [width, height] = WINDOW;
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            &format!("--window-size={width},{height}"),
        ];
        let mut arguments = arguments.to_vec();
        if cfg!(feature = "h5web") {
            // H5Web draws by WebGL, which needs another way where there is no graphics card.
            arguments.extend(["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]);
        }
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }}});
        let answer = exchange(address, "POST", "/session", Some(&wanted));
        let session = answer["sessionId"].as_str().unwrap().to_owned();
        Some(Browser {
            address,
            session,
            _driver: driver,
        })
    }

    fn command(&self, path: &str, body: &Json) -> Json {
        let path = format!("/session/{}/{path}", self.session);
        exchange(self.address, "POST", &path, Some(body))
    }

    /// Opens an address.
    pub fn open(&self, url: &str) {
        self.command("url", &json!({"url": url}));
    }

    /// Runs the body of a function of JavaScript, and returns its value.
    pub fn run(&self, script: &str) -> Json {
        self.command("execute/sync", &json!({"script": script, "args": []}))
    }

    /// Returns the text of the first element that a selector of CSS names and that can be seen; empty if there is none.
    pub fn text(&self, selector: &str) -> String {
        let script = format!(
            "return [...document.querySelectorAll({selector:?})].find(found => found.checkVisibility())?.innerText ?? ''"
        );
        let text = self.run(&script).as_str().unwrap_or_default().to_owned();
        text.replace('\u{a0}', " ")
    }

    /// Waits until an expression of JavaScript is true.
    pub fn wait_for(&self, expression: &str) {
        let script = format!("return Boolean({expression})");
        wait_until(expression, || self.run(&script) == true);
    }

    /// Waits until an element has a text.
    pub fn wait_for_text(&self, selector: &str, text: &str) {
        let mut found = String::new();
        wait_until(&format!("{text:?} in {selector}"), || {
            found = self.text(selector);
            found.contains(text)
        });
    }

    /// Presses keys one after the other.
    pub fn press(&self, keys: &[char]) {
        let actions = keys.iter().flat_map(|key| {
            ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key.to_string()}))
        });
        let actions: Vec<_> = actions.collect();
        let source = json!({"type": "key", "id": "keyboard", "actions": actions});
        self.command("actions", &json!({"actions": [source]}));
    }

    /// Runs a command of the protocol of the developer tools.
    pub fn tools(&self, command: &str, parameters: Json) -> Json {
        let body = json!({"cmd": command, "params": parameters});
        self.command("goog/cdp/execute", &body)
    }

    /// Returns what the page has written to the console since the last call.
    pub fn console(&self) -> Vec<String> {
        self.log("browser")
    }

    /// Returns the addresses that were asked for since the last call.
    pub fn requests(&self) -> Vec<String> {
        let messages = self.log("performance");
        let messages = messages
            .iter()
            .map(|text| serde_json::from_str::<Json>(text).unwrap());
        let requests =
            messages.filter(|event| event["message"]["method"] == "Network.requestWillBeSent");
        requests
            .map(|event| event["message"]["params"]["request"]["url"].to_string())
            .map(|url| url.trim_matches('"').to_owned())
            .collect()
    }

    fn log(&self, kind: &str) -> Vec<String> {
        let entries = self.command("se/log", &json!({"type": kind}));
        let entries = entries.as_array().unwrap().iter();
        entries
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Hides the page, as somebody does who looks at another tab.
    pub fn hide(&self) {
        self.command("window/minimize", &json!({}));
    }

    /// Shows the page again.
    pub fn show(&self) {
        let [width, height] = WINDOW;
        self.command("window/rect", &json!({"width": width, "height": height}));
    }

    /// Returns a picture of the page as it is seen, as PNG.
    pub fn picture(&self) -> Vec<u8> {
        let answer = self.tools("Page.captureScreenshot", json!({"format": "png"}));
        decoded(answer["data"].as_str().unwrap())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends the browser, which would outlive its driver. A test may have failed because the driver has.
        let path = format!("/session/{}", self.session);
        let ended = std::panic::catch_unwind(|| exchange(self.address, "DELETE", &path, None));
        if ended.is_err() {
            eprintln!("the browser did not end in order");
        }
    }
}

/// Starts chromedriver. It takes any free port of IPv6 and then the same one of IPv4, which others may have: then it ends.
fn start_driver() -> (Program, SocketAddr) {
    const STARTED: &str = "successfully on port";
    const TAKEN: &str = "port not available";
    loop {
        let mut command = Command::new("chromedriver");
        let mut driver = Program::start_with_output(command.arg("--port=0"));
        let said = driver.wait_for_line("a port", |line| {
            line.contains(STARTED) || line.contains(TAKEN)
        });
        if said.contains(STARTED) {
            let port = said.rsplit(' ').next().unwrap().trim_end_matches('.');
            let address = SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()));
            return (driver, address);
        }
    }
}

/// Sends a command of WebDriver, and returns the value of the answer. The driver leaves connections open, so the length of the
/// answer counts.
fn exchange(address: SocketAddr, method: &str, path: &str, body: Option<&Json>) -> Json {
    let body = body.map(Json::to_string).unwrap_or_default();
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(ANSWER_LIMIT)).unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    connection.write_all(request.as_bytes()).unwrap();
    let mut reader = BufReader::new(connection);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut answer = vec![0; length];
    reader.read_exact(&mut answer).unwrap();
    let mut answer: Json = serde_json::from_slice(&answer).unwrap();
    let value = answer["value"].take();
    assert!(value["error"].is_null(), "{path}: {value}");
    value
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
