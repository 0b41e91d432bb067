//! What the live page shows of the writer: its state, events, past scans, the log.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value as Json, json};
use testing::http_get;

use crate::fixture::{Fixture, WRITER, end, path_of, send, wait_until, without_redis};

/// A viewer that receives the state whenever it changes.
struct Viewer(BufReader<TcpStream>);

impl Viewer {
    /// Connects. Version 1.0 of HTTP has no chunks that lines would have to be put together of.
    fn connect(address: SocketAddr) -> Viewer {
        let mut connection = TcpStream::connect(address).unwrap();
        let limit = Some(Duration::from_secs(60));
        connection.set_read_timeout(limit).unwrap();
        let request = b"GET /api/v1/events HTTP/1.0\r\nHost: localhost\r\n\r\n";
        connection.write_all(request).unwrap();
        Viewer(BufReader::new(connection))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.0.read_line(&mut line).unwrap() > 0, "the stream ended");
        line
    }

    /// Returns the status of the answer.
    fn status(&mut self) -> String {
        let line = self.line();
        line.split(' ').nth(1).unwrap().to_owned()
    }

    /// Returns the next state.
    fn next(&mut self) -> Json {
        loop {
            if let Some(data) = self.line().strip_prefix("data: ") {
                return serde_json::from_str(data).unwrap();
            }
        }
    }

    /// Waits for a state that is as wanted.
    fn wait_for(&mut self, is_wanted: impl Fn(&Json) -> bool) -> Json {
        loop {
            let state = self.next();
            if is_wanted(&state) {
                return state;
            }
        }
    }
}

#[tokio::test]
async fn the_state_follows_a_scan_to_its_end() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let mut viewer = Viewer::connect(watched.address);
    assert_eq!(viewer.status(), "200");
    let first = viewer.wait_for(|state| state["ready"] == true);
    assert_eq!(first["head"]["kind"], "idle");
    assert_eq!((&first["scans"], &first["last"]), (&json!([]), &Json::Null));

    let file = fixture.file("data.h5");
    let title = "<img src=x onerror=alert(1)>";
    let info = json!({"title": title, "npoints": 5});
    let streams = [("diode", "<f8", &[][..])];
    let (scan, diode) = fixture.start("demo", &file, 7, info, &streams).await;
    send(&diode[0], &[1.0, 2.0, 3.0]).await;
    let state = viewer.wait_for(|state| state["scans"][0]["points"] == 3);
    assert!(state["seq"].as_u64() > first["seq"].as_u64());
    let running = &state["scans"][0];
    assert_eq!(running["name"], "7_loopscan");
    assert_eq!(running["title"], title);
    assert_eq!(
        (&running["session"], &running["expected"]),
        (&json!("demo"), &json!(5))
    );
    assert_eq!(running["files"][0]["path"], file.to_str().unwrap());
    assert_eq!(
        (&running["state"], &running["lost"]),
        (&json!("saving"), &json!(0))
    );
    assert_eq!(state["head"]["text"], "Scan 7_loopscan is being saved.");
    assert_eq!(state["sessions"][0]["state"], "saving");
    let key = running["key"].as_str().unwrap();
    let detail = watched.json(&path_of(key, ""));
    assert_eq!(detail["channels"][0]["name"], "diode");
    assert_eq!(detail["channels"][0]["received"], 3);

    send(&diode[0], &[4.0, 5.0]).await;
    end(scan).await;
    let state = viewer.wait_for(|state| state["last"]["outcome"] == "complete");
    assert_eq!(state["last"]["points"], 5);
    assert_eq!(state["head"]["kind"], "idle");
    let detail = watched.json(&path_of(key, ""));
    assert_eq!(detail["reason"], "saving complete");
    assert_eq!(detail["channels"][0]["written"], 5);
    assert_eq!(detail["title"], title);
    // What the stream has told is what can be asked.
    let asked = watched.json("/api/v1/state");
    assert_eq!(asked["last"], state["last"]);
    watched.end();
}

#[tokio::test]
async fn past_scans_are_listed_in_pages_and_by_what_they_are() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    for number in 1..=5 {
        let file = fixture.file(&format!("{number}.h5"));
        let info = json!({"title": if number == 3 { "Map of a CELL" } else { "ct 1" }});
        let streams = [("diode", "<f8", &[][..])];
        let (scan, diode) = fixture.start("demo", &file, number, info, &streams).await;
        send(&diode[0], &[0.5]).await;
        end(scan).await;
        let all = |scans: &Json| scans["scans"].as_array().unwrap().len() == number as usize;
        watched.wait_for_json("/api/v1/scans?state=ended", all);
    }
    let names = |query: &str| -> (Vec<String>, Json) {
        let page = watched.json(&format!("/api/v1/scans{query}"));
        let scans = page["scans"].as_array().unwrap().iter();
        let names = scans.map(|scan| scan["name"].as_str().unwrap().to_owned());
        (names.collect(), page["next"].clone())
    };
    let (first, next) = names("?limit=2");
    assert_eq!(first, ["5_loopscan", "4_loopscan"]);
    let (second, next) = names(&format!("?limit=3&before={next}"));
    assert_eq!(second, ["3_loopscan", "2_loopscan", "1_loopscan"]);
    assert_eq!(next, Json::Null);
    assert_eq!(names("?text=cell").0, ["3_loopscan"]);
    assert_eq!(names("?text=4_loop&outcome=complete").0, ["4_loopscan"]);
    assert!(names("?outcome=failed").0.is_empty());
    assert!(names("?state=running").0.is_empty());
    for query in ["limit=-1", "before=x", "outcome=good", "state=past"] {
        let answer = watched.get(&format!("/api/v1/scans?{query}"));
        assert_eq!(answer.status, 400, "{query}");
    }
    watched.end();
}

#[tokio::test]
async fn there_is_room_for_sixteen_viewers() {
    let watched = without_redis(&[]);
    let mut viewers: Vec<_> = (0..16).map(|_| Viewer::connect(watched.address)).collect();
    for viewer in &mut viewers {
        assert_eq!(viewer.status(), "200");
    }
    let viewing = |count: f64| {
        watched.wait_for_metrics("viewers", |metrics| {
            metrics.value("nexus_writer_http_viewers") == count
        })
    };
    viewing(16.0);
    let refused = watched.get("/api/v1/events");
    assert_eq!(refused.status, 503);
    assert!(refused.body.contains("16 viewers"), "{}", refused.body);
    // Who has no place for events can still ask.
    assert_eq!(watched.get("/api/v1/state").status, 200);
    viewers.pop();
    wait_until("the place of the one who left", || {
        Viewer::connect(watched.address).status() == "200"
    });
    watched.end();
}

#[tokio::test]
async fn viewers_that_read_nothing_delay_nobody() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let stalled: Vec<_> = (0..15).map(|_| Viewer::connect(watched.address)).collect();
    let mut viewer = Viewer::connect(watched.address);
    let file = fixture.file("data.h5");
    let (scan, diode) = fixture.start_scan("demo", &file).await;
    for _ in 0..50 {
        send(&diode, &[1.0; 20]).await;
        viewer.next();
    }
    end(scan).await;
    let state = viewer.wait_for(|state| state["last"]["outcome"] == "complete");
    assert_eq!(state["last"]["points"], 1000);
    drop(stalled);
    watched.end();
}

#[test]
fn the_state_is_not_for_pages_of_other_hosts() {
    let watched = without_redis(&[]);
    for path in [
        "/api/v1/state",
        "/api/v1/events",
        "/api/v1/log",
        "/api/v1/scans",
    ] {
        let status = |headers: &[&str]| http_get(watched.address, path, headers).status;
        assert_eq!(status(&["Host: evil.example"]), 421, "{path}");
        assert_eq!(status(&["Origin: http://evil.example"]), 403, "{path}");
        assert_eq!(status(&["Sec-Fetch-Site: cross-site"]), 403, "{path}");
    }
    watched.end();
}

#[test]
fn the_log_can_be_read() {
    let watched = without_redis(&[]);
    let log = watched.wait_for_json("/api/v1/log?level=warning", |log| {
        let lines = log["lines"].as_array().unwrap();
        lines.iter().any(|line| {
            line["text"]
                .as_str()
                .unwrap()
                .contains("waiting for the data store")
        })
    });
    let line = &log["lines"][0];
    assert_eq!(
        (&line["level"], &log["first"]),
        (&json!("warning"), &json!(1))
    );
    let seq = line["seq"].as_u64().unwrap();
    let later = watched.json(&format!("/api/v1/log?after={seq}"));
    let lines = later["lines"].as_array().unwrap();
    assert!(lines.iter().all(|line| line["seq"].as_u64().unwrap() > seq));
    assert_eq!(watched.json("/api/v1/log?scan=none")["lines"], json!([]));
    assert_eq!(watched.get("/api/v1/log?level=loud").status, 400);
    watched.end();
}

#[tokio::test]
async fn people_and_programs_are_told_the_status() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let url = format!("--url=http://{}/", watched.address);
    let status = |options: &[&str]| {
        let mut command = Command::new(WRITER);
        command.arg("status").args(options);
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code().unwrap(), text)
    };
    let file = fixture.file("data.h5");
    let info = json!({"title": "ascan \u{1b}[2J", "npoints": 4});
    let streams = [("diode", "<f8", &[][..])];
    let (scan, diode) = fixture.start("demo", &file, 1, info, &streams).await;
    send(&diode[0], &[1.0, 2.0]).await;
    watched.wait_for_json("/api/v1/state", |state| state["scans"][0]["points"] == 2);
    let (code, text) = status(&[&url]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("Scan 1_loopscan is being saved."), "{text}");
    assert!(text.contains("2 of 4 points"), "{text}");
    // A title must not do anything to the terminal.
    assert!(!text.contains('\u{1b}'));
    end(scan).await;
    watched.wait_for_json("/api/v1/state", |state| state["last"].is_object());
    let (code, text) = status(&[&url, "--json"]);
    let told: Json = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &told["last"]["outcome"]), (0, &json!("complete")));
    watched.end();
    assert_eq!(status(&[&url]).0, 2);
    assert_eq!(status(&["--url=file:///etc/passwd"]).0, 2);
    let waiting = without_redis(&[]);
    let url = format!("--url={}", waiting.address);
    assert_eq!(status(&[&url]).0, 1);
    waiting.end();
}

#[tokio::test]
async fn who_follows_the_status_sees_the_end_of_the_writer() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let url = format!("--url=http://{}/", watched.address);
    let follow = |options: &[&str]| {
        let mut command = Command::new(WRITER);
        command.args(["status", "--follow", &url]).args(options);
        command.stdout(Stdio::piped()).spawn().unwrap()
    };
    let (mut programs, mut people, mut gone) =
        (follow(&["--json"]), follow(&[]), follow(&["--json"]));
    let mut lines = BufReader::new(programs.stdout.take().unwrap()).lines();
    let mut next = || {
        lines
            .next()
            .map(|line| -> Json { serde_json::from_str(&line.unwrap()).unwrap() })
    };
    assert_eq!(next().unwrap()["ready"], true);
    fixture.scan("demo", &fixture.file("a.h5")).await;
    while next().unwrap()["last"]["outcome"] != "complete" {}
    // A reader that goes ends its command.
    drop(gone.stdout.take());
    wait_until("the end of the command", || {
        gone.try_wait().unwrap().is_some()
    });
    watched.end();
    let told: Vec<Json> = std::iter::from_fn(next).collect();
    assert!(told.last().unwrap()["error"].is_string(), "{told:?}");
    assert_eq!(programs.wait().unwrap().code(), Some(2));
    let mut text = String::new();
    people
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(people.wait().unwrap().code(), Some(2));
    assert!(
        text.trim_end()
            .lines()
            .last()
            .unwrap()
            .contains("no answer"),
        "{text}"
    );
    // Only a terminal has a screen to clear.
    assert!(!text.contains('\u{1b}'));
}
