//! `--print-config`.

use std::collections::BTreeMap;
use std::process::Command;

use crate::fixture::{Folder, parse, print, program, run};

const FILE: &str = r#"
redis = { url = "redis://user:secret@host:1/2", url-file = "/a \"b\"\\c" }
saving = { keepshape = true, required-disk-space-mb = 0x10, recommended-disk-space-mb = -1 }
files.durability = 2.5
[session.demo.saving]
layout = "classic"
[session."a b".log]
level = "debug"
file = "äöü"
[session.other.saving]
keepshape = false
"#;

fn programs() -> Vec<&'static str> {
    let mut programs = vec![
        "nexus-writer run",
        "nexus-writer session demo",
        "nexus-writer save",
        "nexus-writer check",
        "nexus-writer tree",
        "nexus-writer demo",
        "NexusSessionWriter demo",
    ];
    if cfg!(feature = "tango") {
        programs.extend([
            "NexusWriterService demo",
            "RegisterNexusWriter demo",
            "nexus-writer tango run demo",
        ]);
    }
    programs
}

/// Returns the values without their sources.
fn values(text: &str) -> BTreeMap<String, String> {
    let printed = parse(text).into_iter();
    printed.map(|(key, (value, _))| (key, value)).collect()
}

#[test]
fn what_is_printed_is_the_same_configuration() {
    let folder = Folder::new();
    let file = folder.write("a.toml", FILE);
    for words in programs() {
        let adapt = |command: &mut Command| {
            command.arg("--config").arg(&file);
            command.env("NEXUS_WRITER_SPOOL_SIZE_MB", "17");
            command.args(["--logfile", "a\tb 'c' # d"]);
        };
        let mut command = program(words);
        adapt(&mut command);
        let first = print(&mut command);
        let again = folder.write("again.toml", &first);
        let second = print(program(words).arg("--config").arg(again));
        assert_eq!(values(&first), values(&second), "{words}");
        assert_eq!(values(&first)["log.file"], "\"a\\u0009b 'c' # d\"");
        let defaults = print(&mut program(words));
        let again = folder.write("defaults.toml", &defaults);
        let second = print(program(words).arg("--config").arg(again));
        assert_eq!(values(&defaults), values(&second), "{words}");
    }
}

#[test]
fn passwords_are_masked() {
    let folder = Folder::new();
    let file = folder.write("a.toml", "redis.url = 'redis://user:secret@host:1'");
    let words = "nexus-writer session demo";
    let mut by_file = program(words);
    by_file.arg("--config").arg(&file);
    let mut by_variable = program(words);
    by_variable.env("NEXUS_WRITER_REDIS_URL", "redis://user:secret@host:1");
    let mut by_old_variable = program(words);
    by_old_variable.env("REDIS_DATA_URL", "redis://user:secret@host:1");
    let mut by_option = program(words);
    by_option.arg("--redis=redis://user:secret@host:1");
    let mut by_argument = program("nexus-writer run redis://user:secret@host:1");
    for command in [
        &mut by_file,
        &mut by_variable,
        &mut by_old_variable,
        &mut by_option,
        &mut by_argument,
    ] {
        let text = print(command);
        assert!(!text.contains("secret"), "{text}");
        assert_eq!(parse(&text)["redis.url"].0, "\"redis://user:***@host:1\"");
    }
    let mut wrong = program(words);
    wrong.env("REDIS_DATA_URL", "redis://user:secret@host:port");
    let text = print(&mut wrong);
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn a_service_prints_the_tables_of_its_sessions() {
    if !cfg!(feature = "tango") {
        return;
    }
    let folder = Folder::new();
    let file = folder.write("a.toml", FILE);
    let found = parse(&print(
        program("NexusWriterService demo --config").arg(&file),
    ));
    let at = |line: usize| format!("{}:{line}", file.display());
    let expect = |key: &str, value: &str, line| {
        assert_eq!(found[key], (value.to_owned(), at(line)), "{key}");
    };
    expect("saving.keepshape", "true", 3);
    expect("session.demo.saving.layout", "\"classic\"", 6);
    expect("session.\"a b\".log.file", "\"äöü\"", 9);
    expect("session.other.saving.keepshape", "false", 11);
}

#[test]
fn defaults_are_those_of_the_command() {
    let value = |words: &str, key: &str| values(&print(&mut program(words)))[key].clone();
    assert_eq!(
        value("nexus-writer run", "saving.data-writer"),
        "\"mapping\""
    );
    assert_eq!(
        value("NexusSessionWriter demo", "saving.data-writer"),
        "\"external\""
    );
    let space = "saving.recommended-disk-space-mb";
    assert_eq!(value("nexus-writer run", space), "1000");
    assert_eq!(value("nexus-writer session demo", space), "1024");
    assert_eq!(value("nexus-writer run", "saving.retry-time-s"), "86400");
    assert_eq!(value("nexus-writer save", "saving.retry-time-s"), "60");
    assert_eq!(value("nexus-writer run", "log.level"), "\"info\"");
    assert_eq!(value("nexus-writer demo", "log.level"), "\"warning\"");
    assert_eq!(value("NexusSessionWriter demo", "log.level"), "\"warning\"");
    if cfg!(feature = "tango") {
        assert_eq!(value("NexusWriterService demo", space), "1024");
        let words = "nexus-writer tango run demo --log-level=ERROR";
        assert_eq!(value(words, "log.level"), "\"ERROR\"");
    }
}

#[test]
fn variables_that_are_no_settings_are_named() {
    let mut command = program("nexus-writer run");
    command.env("NEXUS_WRITER_SAVING_KEEPSHAP", "true");
    command.env("NEXUS_WRITER_VENV", "/");
    let text = print(&mut command);
    let expected = "# NEXUS_WRITER_SAVING_KEEPSHAP is no setting; is saving.keepshape meant?\n";
    assert!(text.starts_with(expected), "{text}");
    assert!(!text.contains("VENV"), "{text}");
}

#[test]
fn a_reader_may_have_seen_enough() {
    let (output, input) = std::io::pipe().unwrap();
    drop(output);
    let mut command = program("nexus-writer run --print-config");
    let (status, _, errors) = run(command.stdout(input));
    assert_eq!((status, errors.as_str()), (Some(0), ""));
}
