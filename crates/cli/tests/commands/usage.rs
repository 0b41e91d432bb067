//! Help, versions, and wrong arguments.

use crate::fixture::{nexus_writer, run};

const COMMANDS: [&str; 8] = [
    "run", "session", "save", "doctor", "simulate", "tree", "check", "demo",
];

#[test]
fn help_lists_all_commands() {
    let (status, help, _) = run(&mut nexus_writer(["--help"]));
    assert_eq!(status, Some(0));
    for command in COMMANDS {
        assert!(
            help.contains(&format!("\n  {command} ")),
            "{command}: {help}"
        );
        let (status, help, _) = run(&mut nexus_writer([command, "--help"]));
        assert_eq!(status, Some(0), "{command}");
        assert!(
            help.contains(&format!("Usage: nexus-writer {command}")),
            "{help}"
        );
        assert!(help.contains("--log <LEVEL>"), "{help}");
    }
}

#[test]
fn options_are_found_below_headings() {
    let headings = [
        ("run", "Options", &["--data-writer", "--help"][..]),
        (
            "run",
            "Saving options",
            &["--layout", "--keepshape", "--required-disk-space"],
        ),
        (
            "run",
            "Log options",
            &["--log", "--logfile", "--log-format"],
        ),
        ("session", "Options", &["--redis", "--start-semaphore-file"]),
        ("session", "Saving options", &["--recommended-disk-space"]),
        ("save", "Options", &["--json"]),
        ("save", "Saving options", &["--noconfig"]),
        ("simulate", "Simulation options", &["--kind", "--seed"]),
        ("simulate", "Log options", &["--log"]),
        ("tree", "Log options", &["--filebackups"]),
        ("check", "Options", &["--redis", "--json"]),
        ("demo", "Options", &["--directory"]),
    ];
    for (command, heading, expected) in headings {
        let (_, help, _) = run(&mut nexus_writer([command, "--help"]));
        let found = below(&help, heading);
        for option in expected {
            assert!(
                found.contains(option),
                "{command}, {heading}, {option}: {help}"
            );
        }
    }
}

#[test]
fn log_options_have_a_heading_of_their_own() {
    for command in COMMANDS {
        let (_, help, _) = run(&mut nexus_writer([command, "--help"]));
        let is_log = |option: &&str| {
            option.starts_with("--log") || ["--filesize", "--filebackups"].contains(option)
        };
        for heading in ["Options", "Saving options", "Simulation options"] {
            let found = below(&help, heading);
            assert!(!found.iter().any(is_log), "{command}, {heading}: {help}");
        }
        let found = below(&help, "Log options");
        assert!(found.iter().all(is_log), "{command}: {help}");
    }
}

/// Returns the long options below a heading of a help text.
fn below<'a>(help: &'a str, heading: &str) -> Vec<&'a str> {
    help.lines()
        .skip_while(|line| *line != format!("{heading}:"))
        .skip(1)
        .take_while(|line| line.is_empty() || line.starts_with(' '))
        .filter(|line| line.trim_start().starts_with('-'))
        .filter_map(|line| line.split_whitespace().find(|word| word.starts_with("--")))
        .map(|option| option.split('[').next().unwrap_or(option))
        .collect()
}

#[cfg(not(feature = "tango"))]
#[test]
fn a_build_without_tango_says_so() {
    for arguments in [
        &["tango", "run", "demo"][..],
        &["tango", "--server=a", "register"],
    ] {
        let (status, _, errors) = run(&mut nexus_writer(arguments));
        assert_eq!(status, Some(2));
        assert_eq!(errors, "nexus-writer: built without Tango support\n");
    }
}

#[test]
fn the_version_is_printed() {
    let (status, version, _) = run(&mut nexus_writer(["--version"]));
    assert_eq!(status, Some(0));
    assert_eq!(
        version,
        concat!("nexus-writer ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn wrong_arguments_are_usage_errors() {
    let wrong: [(&[&str], &str); 17] = [
        (&[], "Usage: nexus-writer"),
        (&["fly"], "'fly'"),
        (&["run"], "no redis URL given"),
        (&["run", "http://host"], "unknown scheme"),
        (&["session"], "<NAME>"),
        (&["save", "redis://host"], "<KEY>"),
        (&["save", "redis://host", "scan"], "esrf:scan:"),
        (&["simulate"], "<URL>"),
        (&["simulate", "redis://host:port"], "redis://host:port"),
        (&["simulate", "redis://host", "--kind", "3d"], "3d"),
        (&["simulate", "redis://host", "--rate", "-1"], "-1"),
        (&["simulate", "redis://host", "--rate", "nan"], "nan"),
        (&["simulate", "redis://host", "--batch", "0"], "--batch"),
        (
            &["simulate", "redis://host", "--image-size", "120"],
            "120x160",
        ),
        (
            &[
                "simulate",
                "redis://host",
                "--points",
                "100000000",
                "--batch",
                "100000000",
            ],
            "--batch: a message would have 800000000 bytes",
        ),
        (&["tree"], "<FILE>"),
        (&["tree", "file.h5", "--log", "loud"], "loud"),
    ];
    for (arguments, message) in wrong {
        let (status, printed, log) = run(&mut nexus_writer(arguments));
        assert_eq!(
            (status, printed.as_str()),
            (Some(2), ""),
            "{arguments:?}: {log}"
        );
        assert!(log.contains(message), "{arguments:?}: {log}");
    }
}

#[test]
fn passwords_are_not_printed() {
    let url = "redis://user:secret@localhost:1/0";
    for arguments in [&["simulate", url][..], &["save", url, "esrf:scan:X"]] {
        let (status, printed, log) = run(&mut nexus_writer(arguments));
        assert_eq!(status, Some(2));
        assert!(
            !printed.contains("secret") && !log.contains("secret"),
            "{log}"
        );
    }
}
