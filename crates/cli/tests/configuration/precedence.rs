//! Each source goes before those below it: options, variables, the table of a session, the file, defaults.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::fixture::{Folder, Printed, parse, print, printed, program, run};

/// A setting: its key, its option, and a value of each source, as a file has it: the file, the table of the session,
/// the variable, the option.
struct Case(&'static str, &'static str, [&'static str; 4]);

const FILE: usize = 0;
const SESSION: usize = 1;
const VARIABLE: usize = 2;
const OPTION: usize = 3;

/// The values of any text.
const TEXTS: [&str; 4] = ["\"file\"", "\"session\"", "\"variable\"", "\"option\""];
/// The values of a whole number.
const NUMBERS: [&str; 4] = ["31", "32", "33", "34"];
/// The values of a switch: each source switches over what is below it.
const SWITCHES: [&str; 4] = ["true", "false", "true", "false"];

const CASES: [Case; 36] = [
    Case(
        "redis.url",
        "--redis",
        [
            "\"redis://file:1\"",
            "\"redis://session:1\"",
            "\"redis://variable:1\"",
            "\"redis://option:1\"",
        ],
    ),
    Case("redis.url-file", "--redis-url-file", TEXTS),
    Case("redis.beacon-host", "--beacon-host", TEXTS),
    Case(
        "redis.model",
        "--model",
        ["\"node\"", "\"blissdata\"", "\"node\"", "\"blissdata\""],
    ),
    Case("saving.data-writer", "--data-writer", TEXTS),
    Case(
        "saving.start-semaphore-file",
        "--start-semaphore-file",
        TEXTS,
    ),
    Case(
        "saving.layout",
        "--layout",
        ["\"h5maps\"", "\"classic\"", "\"h5maps\"", "\"classic\""],
    ),
    Case("saving.keepshape", "--keepshape", SWITCHES),
    Case(
        "saving.multivalue-positioners",
        "--multivalue-positioners",
        SWITCHES,
    ),
    Case(
        "saving.enable-external-nonhdf5",
        "--enable-external-nonhdf5",
        SWITCHES,
    ),
    Case(
        "saving.disable-external-hdf5",
        "--disable-external-hdf5",
        SWITCHES,
    ),
    Case("saving.copy-non-external", "--copy-non-external", SWITCHES),
    Case("saving.noconfig", "--noconfig", SWITCHES),
    Case(
        "saving.required-disk-space-mb",
        "--required-disk-space",
        NUMBERS,
    ),
    Case(
        "saving.recommended-disk-space-mb",
        "--recommended-disk-space",
        NUMBERS,
    ),
    Case("saving.retry-time-s", "--retry-time", NUMBERS),
    Case("saving.park-after-s", "--park-after", NUMBERS),
    Case("spool.directory", "--spool", TEXTS),
    Case("spool.size-mb", "--spool-size", NUMBERS),
    Case(
        "files.locking",
        "--file-locking",
        ["\"off\"", "\"required\"", "\"off\"", "\"required\""],
    ),
    Case(
        "files.driver",
        "--file-driver",
        ["\"plain\"", "\"safe\"", "\"plain\"", "\"safe\""],
    ),
    Case(
        "files.durability",
        "--durability",
        ["1.5", "\"none\"", "2", "\"scan\""],
    ),
    Case("memory.limit-mb", "--memory", NUMBERS),
    Case(
        "log.level",
        "--log",
        ["\"error\"", "\"debug\"", "\"trace\"", "\"info\""],
    ),
    Case("log.file", "--logfile", TEXTS),
    Case("log.file-out", "--logfileout", TEXTS),
    Case("log.file-err", "--logfileerr", TEXTS),
    Case(
        "log.file-size-mb",
        "--filesize",
        ["0.5", "1.5", "2.5", "3.5"],
    ),
    Case("log.file-backups", "--filebackups", NUMBERS),
    Case(
        "log.format",
        "--log-format",
        ["\"json\"", "\"text\"", "\"json\"", "\"text\""],
    ),
    Case(
        "http.listen",
        "--http-listen",
        [
            "\"127.0.0.1:1\"",
            "\"127.0.0.1:2\"",
            "\"127.0.0.1:3\"",
            "\"off\"",
        ],
    ),
    Case("http.token-file", "--http-token-file", TEXTS),
    Case(
        "http.hosts",
        "--http-host",
        [
            "[\"file\"]",
            "[\"session\"]",
            "[\"variable\"]",
            "[\"option\"]",
        ],
    ),
    Case("live.memory-mb", "--live-memory", NUMBERS),
    Case("live.viewers", "--live-viewers", NUMBERS),
    Case("log.redirect-stdout", "--redirectstdout", SWITCHES),
];

impl Case {
    fn variable(&self) -> String {
        let name = self.0.replace(['.', '-'], "_").to_ascii_uppercase();
        format!("NEXUS_WRITER_{name}")
    }

    /// Returns a value as it is typed.
    fn typed(&self, source: usize) -> &'static str {
        self.2[source].trim_matches(['"', '[', ']'])
    }
}

/// Returns the text of a file with all settings.
fn file(prefix: &str, source: usize) -> String {
    let mut text = String::new();
    for Case(key, _, values) in &CASES {
        writeln!(text, "{prefix}{key} = {}", values[source]).unwrap();
    }
    text
}

/// Adds the variables, if they are to be set.
fn with_variables(command: &mut Command, count: usize) {
    for case in &CASES[..count] {
        command.env(case.variable(), case.typed(VARIABLE));
    }
}

/// Returns the options that a program has.
fn with_options<'a>(command: &mut Command, has: impl Fn(&Case) -> bool + 'a) {
    for case in CASES.iter().filter(|case| has(case)) {
        command.arg(format!("{}={}", case.1, case.typed(OPTION)));
    }
}

/// Checks the settings of the program that are among the cases. Returns their number.
fn check(found: &Printed, source: usize, place: impl Fn(usize, &Case) -> String) -> usize {
    let mut checked = 0;
    for (line, case) in CASES.iter().enumerate() {
        if let Some(found) = found.get(case.0) {
            let expected = (case.2[source].to_owned(), place(line + 1, case));
            assert_eq!(*found, expected, "{}", case.0);
            checked += 1;
        }
    }
    checked
}

/// Checks a program, which has so many of the settings and may belong to the session `demo`.
fn each_source_goes_before_those_below(words: &str, count: usize, has_session: bool) {
    let folder = Folder::new();
    let (_, help, _) = run(program(words).arg("--help"));
    let has_option = |case: &Case| {
        let option = case.1;
        help.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .any(|word| word == option)
    };
    let defaults = printed(&mut program(words));
    assert!(defaults.values().all(|(_, source)| source == "default"));
    for Case(key, _, [first, ..]) in &CASES {
        if let Some((value, _)) = defaults.get(*key) {
            assert_ne!(value, first, "{key}");
        }
    }
    let path = folder.write("a.toml", file("", FILE));
    let with_file = |path: &Path| {
        let mut command = program(words);
        command.arg("--config").arg(path);
        command
    };
    let in_file = |line, _: &Case| format!("{}:{line}", path.display());
    let found = printed(&mut with_file(&path));
    assert_eq!(check(&found, FILE, in_file), count, "{found:?}");
    let both = format!(
        "{}{}{}",
        file("session.demo.", SESSION),
        file("session.other.", OPTION),
        file("", FILE)
    );
    let path = folder.write("b.toml", both);
    let found = printed(&mut with_file(&path));
    if has_session {
        check(&found, SESSION, |line, _| {
            format!("{}:{line}", path.display())
        });
    } else {
        check(&found, FILE, |line, _| {
            format!("{}:{}", path.display(), 2 * CASES.len() + line)
        });
    }
    let mut command = with_file(&path);
    with_variables(&mut command, CASES.len());
    check(&printed(&mut command), VARIABLE, |_, case| case.variable());
    let mut command = with_file(&path);
    with_variables(&mut command, CASES.len());
    with_options(&mut command, has_option);
    let mut found = printed(&mut command);
    found.retain(|key, _| CASES.iter().any(|case| case.0 == key && has_option(case)));
    let checked = check(&found, OPTION, |_, case| format!("flag {}", case.1));
    assert_ne!(checked, 0);
}

#[test]
fn of_run() {
    each_source_goes_before_those_below("nexus-writer run", 34, false);
}

#[test]
fn of_session() {
    each_source_goes_before_those_below("nexus-writer session demo", 35, true);
}

#[test]
fn of_save() {
    each_source_goes_before_those_below("nexus-writer save redis://host key", 25, false);
}

#[test]
fn of_check() {
    each_source_goes_before_those_below("nexus-writer check a.h5", 8, false);
}

#[test]
fn of_the_session_writer() {
    each_source_goes_before_those_below("NexusSessionWriter demo", 35, true);
}

#[cfg(feature = "tango")]
#[test]
fn of_the_services() {
    each_source_goes_before_those_below("NexusWriterService demo", 33, false);
    each_source_goes_before_those_below("nexus-writer tango run default", 33, false);
}

#[test]
fn the_url_of_run_is_an_argument() {
    let folder = Folder::new();
    let file = folder.write("a.toml", "redis.url = 'redis://file:1'");
    let source = |command: &mut Command| {
        let found = printed(command.arg("--config").arg(&file));
        found["redis.url"].clone()
    };
    let expected = ("\"redis://typed:1\"".to_owned(), "flag URL".to_owned());
    assert_eq!(
        source(&mut program("nexus-writer run redis://typed:1")),
        expected
    );
    let (value, source) = source(&mut program("nexus-writer run"));
    assert_eq!(value, "\"redis://file:1\"");
    assert_eq!(source, format!("{}:1", file.display()));
}

#[test]
fn old_variables_are_those_of_redis() {
    let folder = Folder::new();
    let file = folder.write(
        "a.toml",
        "redis = { url = 'redis://file:1', beacon-host = 'file' }",
    );
    let mut command = program("nexus-writer session demo --config");
    command.arg(&file);
    command.env("REDIS_DATA_URL", "redis://old:1");
    command.env("BEACON_HOST", "old");
    let found = parse(&print(&mut command));
    let pair = |value: &str, source: &str| (format!("\"{value}\""), source.to_owned());
    assert_eq!(found["redis.url"], pair("redis://old:1", "REDIS_DATA_URL"));
    assert_eq!(found["redis.beacon-host"], pair("old", "BEACON_HOST"));
    command.env("NEXUS_WRITER_REDIS_URL", "redis://new:1");
    let (_, text, _) = run(&mut command);
    assert_eq!(
        parse(&text)["redis.url"],
        pair("redis://new:1", "NEXUS_WRITER_REDIS_URL")
    );
}

#[test]
fn an_empty_variable_is_not_set() {
    let folder = Folder::new();
    let file = folder.write("a.toml", "log.file = 'a'\nmemory.limit-mb = 64");
    let mut command = program("nexus-writer session demo --config");
    command.arg(&file);
    for variable in [
        "NEXUS_WRITER_LOG_FILE",
        "NEXUS_WRITER_MEMORY_LIMIT_MB",
        "REDIS_DATA_URL",
    ] {
        command.env(variable, "");
    }
    let found = printed(&mut command);
    assert_eq!(found["log.file"].0, "\"a\"");
    assert_eq!(found["memory.limit-mb"].0, "64");
    assert_eq!(found["redis.url"].1, "default");
}

#[test]
fn an_empty_text_takes_a_value_away() {
    let folder = Folder::new();
    let file = folder.write(
        "a.toml",
        "[log]\nfile = 'a'\n[session.demo.log]\nfile = ''\n",
    );
    let mut command = program("nexus-writer session demo --config");
    let found = printed(command.arg(&file));
    let expected = ("\"\"".to_owned(), format!("{}:4", file.display()));
    assert_eq!(found["log.file"], expected);
}

#[test]
fn an_option_goes_before_a_wrong_variable() {
    let mut command = program("nexus-writer run --memory=64");
    command.env("NEXUS_WRITER_MEMORY_LIMIT_MB", "a");
    assert_eq!(printed(&mut command)["memory.limit-mb"].0, "64");
}

#[test]
fn the_variable_names_the_file_unless_the_option_does() {
    let folder = Folder::new();
    let named = folder.write("variable.toml", "memory.limit-mb = 64");
    let typed = folder.write("option.toml", "memory.limit-mb = 65");
    for words in ["nexus-writer run", "NexusSessionWriter demo"] {
        let mut command = program(words);
        command.env("NEXUS_WRITER_CONFIG", &named);
        assert_eq!(printed(&mut command)["memory.limit-mb"].0, "64");
        let mut command = program(words);
        command.env("NEXUS_WRITER_CONFIG", &named);
        command.arg("--config").arg(&typed);
        assert_eq!(printed(&mut command)["memory.limit-mb"].0, "65");
    }
}
