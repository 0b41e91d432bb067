//! Requests that get no answer, or not the one that they want.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::{Value as Json, json};
use testing::{HttpAnswer, http_get, http_send};

use crate::fixture::{WRITER, Watched, without_redis};

fn error(answer: &HttpAnswer) -> String {
    let json: Json = serde_json::from_str(&answer.body).unwrap();
    json["error"].as_str().unwrap().to_owned()
}

#[test]
fn other_hosts_and_their_pages_are_refused() {
    let watched = without_redis(&["--http-host=writer.example"]);
    let status = |headers: &[&str]| http_get(watched.address, "/readyz", headers).status;
    let answered = 503;
    for (headers, expected) in [
        (&["Host: evil.example"][..], 421),
        (&["Host: "], 421),
        (&["Host: localhost:1"], answered),
        (&["Host: writer.example"], answered),
        (
            &["Host: localhost:1", "Origin: http://localhost:1"],
            answered,
        ),
        (&["Host: localhost:1", "Origin: http://localhost:2"], 403),
        (&["Origin: http://evil.example"], 403),
        (&["Origin: null"], 403),
        (&["Sec-Fetch-Site: cross-site"], 403),
        (&["Sec-Fetch-Site: same-origin"], answered),
    ] {
        assert_eq!(status(headers), expected, "{headers:?}");
    }
    // The question whether the process is alive needs no known name.
    let alive = http_get(watched.address, "/livez", &["Host: evil.example"]);
    assert_eq!(alive.status, 200);
    watched.end();
}

#[test]
fn only_known_paths_and_methods_are_answered() {
    let watched = without_redis(&[]);
    let request = |line: &str| {
        let text = format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        http_send(watched.address, &text)
    };
    for path in [
        "/metric",
        "/metrics/",
        "/../etc/passwd",
        "/%2e%2e/x",
        "/api/v1",
    ] {
        let answer = request(&format!("GET {path}"));
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(error(&answer), "there is nothing at this path");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"] {
        let answer = request(&format!("{method} /metrics"));
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"));
    }
    assert_eq!(request("HEAD /metrics").body, "");
    let counted = watched.metrics();
    let refused = counted.value("nexus_writer_http_requests_total{code=\"4xx\"}");
    assert_eq!(refused, 11.0);
    watched.end();
}

#[test]
fn requests_that_are_too_large_or_no_requests_are_refused() {
    let watched = without_redis(&[]);
    let send = |text: &str| http_send(watched.address, text).status;
    let long = "x".repeat(9000);
    assert_eq!(
        send(&format!(
            "GET /livez HTTP/1.1\r\nHost: localhost\r\nX: {long}\r\n\r\n"
        )),
        431
    );
    let many: String = (0..100).map(|number| format!("X{number}: 1\r\n")).collect();
    assert_eq!(
        send(&format!(
            "GET /livez HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"
        )),
        431
    );
    assert_eq!(send("what\r\n\r\n"), 400);
    let with_body = "Host: localhost\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
    assert_eq!(send(&format!("GET /readyz HTTP/1.1\r\n{with_body}")), 400);
    // After all that it still answers.
    assert_eq!(watched.get("/livez").status, 200);
    watched.end();
}

#[test]
fn every_answer_tells_browsers_to_be_careful() {
    let watched = without_redis(&[]);
    for path in ["/metrics", "/readyz", "/livez", "/nothing"] {
        let answer = watched.get(path);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"));
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    watched.end();
}

#[test]
fn a_token_is_needed_where_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, "correct-horse-battery\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let option = format!("--http-token-file={}", file.display());
    let mut command = Command::new(WRITER);
    command.args(["run", "redis://127.0.0.1:1", &option]);
    command.arg("--http-listen=0.0.0.0:0");
    let watched = Watched::start(&mut command);
    let mut address = watched.address;
    address.set_ip([127, 0, 0, 1].into());
    let status = |headers: &[&str]| http_get(address, "/metrics", headers).status;
    assert_eq!(status(&[]), 401);
    assert_eq!(status(&["Authorization: Bearer wrong"]), 401);
    assert_eq!(
        status(&["Authorization: Bearer correct-horse-battery"]),
        200
    );
    assert_eq!(http_get(address, "/livez", &[]).status, 200);
    // A browser has to be told the token once.
    let login = |headers: &[&str]| http_get(address, "/api/v1/login", headers);
    assert_eq!(login(&[]).status, 401);
    let answer = login(&["Authorization: Bearer correct-horse-battery"]);
    let cookie = answer.header("set-cookie").unwrap();
    assert_eq!(answer.status, 204);
    assert!(
        cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/"),
        "{cookie}"
    );
    let cookie = format!("Cookie: {}", cookie.split(';').next().unwrap());
    assert_eq!(status(&[&cookie]), 200);
    assert_eq!(status(&[&cookie[..cookie.len() - 1]]), 401);
    assert_eq!(http_get(address, "/api/v1/state", &[&cookie]).status, 200);
    assert_eq!(http_get(address, "/api/v1/state", &[]).status, 401);
    // The page itself shows nothing yet, and is needed to send the token.
    assert_ne!(http_get(address, "/", &[]).status, 401);
    assert_ne!(http_get(address, "/assets/", &[]).status, 401);
    let refused = http_get(address, "/readyz", &[]);
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    watched.program.signal("TERM");
    let (_, log) = watched.program.end();
    assert!(!log.contains("correct-horse"), "{log}");
}

#[test]
fn slow_clients_delay_nobody() {
    let watched = without_redis(&[]);
    // They send nothing, or a part of a request, or take no answer.
    let mut slow: Vec<_> = (0..50)
        .map(|_| TcpStream::connect(watched.address).unwrap())
        .collect();
    for connection in &mut slow[..25] {
        connection
            .write_all(b"GET /metrics HTTP/1.1\r\nHo")
            .unwrap();
    }
    let greedy = slow.last_mut().unwrap();
    greedy.set_nonblocking(true).unwrap();
    let request = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    while greedy
        .write(request)
        .is_ok_and(|written| written == request.len())
    {}
    for _ in 0..10 {
        assert_eq!(watched.get("/metrics").status, 200);
    }
    // A client that sends nothing is not waited for.
    let mut answer = Vec::new();
    slow[0].read_to_end(&mut answer).ok();
    assert!(!answer.starts_with(b"HTTP/1.1 200"), "{answer:?}");
    watched.end();
}

#[test]
fn readiness_is_json() {
    let watched = without_redis(&[]);
    let answer = watched.get("/readyz");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let readiness: Json = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(readiness["ready"], json!(false));
    watched.end();
}
