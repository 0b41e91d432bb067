//! Python programs that use the genuine blissdata.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::path::Path;
use std::process::Command;

use simulation::redis::PrivateRedis;

/// What a Python program from `tests/python` prints: one JSON value.
pub fn python(script: &str, args: &[&str]) -> serde_json::Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/python")
        .join(script);
    let python = std::env::var_os("NEXUS_WRITER_PYTHON").expect("NEXUS_WRITER_PYTHON is not set");
    let output = Command::new(python)
        .arg(script)
        .args(args)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "{error}: {}\n{errors}",
            String::from_utf8_lossy(&output.stdout)
        )
    })
}

/// URL for Python programs that search: blissdata 2.4.5 cannot read the answer with RESP3.
pub fn python_url(server: &PrivateRedis) -> String {
    format!("{}?protocol=2", server.url().with_secrets())
}
