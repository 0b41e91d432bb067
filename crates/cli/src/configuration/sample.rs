//! The sample of a file, `packaging/config/nexus-writer.toml`, which has every setting with its default.
//!
//! `NEXUS_WRITER_WRITE_SAMPLE=1 cargo test -p cli sample` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::catalogue;
use super::file::ConfigurationFile;
use super::print::to_toml;
use super::setting::{CommandSetting, Kind, Setting, name_of, table_of};
use super::source::{Source, Value};

/// Largest number of characters of a line.
const WIDTH: usize = 100;

const HEAD: &str = "\
# The configuration of nexus-writer, with all settings and their defaults. What is to be different
# loses its `#`.
#
# `nexus-writer run`, `session`, `save`, `tango run` and `doctor` read
# /etc/nexus-writer/nexus-writer.toml. All commands read the file that `--config FILE` or the
# variable NEXUS_WRITER_CONFIG names, and then no other one. NexusSessionWriter and
# NexusWriterService read no file without that.
#
# Each source goes before those above it:
#   1. defaults
#   2. this file
#   3. the table of the session in this file, such as [session.demo.saving]
#   4. properties of the Tango device
#   5. variables: NEXUS_WRITER_TABLE_NAME, such as NEXUS_WRITER_SAVING_LAYOUT
#   6. options of the command
#
# `--print-config` prints what holds, and where it comes from. A text that is empty is not set. The
# file is read once, when the program starts.
";

const TAIL: &str = "
# Settings of one session. All tables may be here; devices of a Tango service take [redis] and those
# settings of [saving] that are also properties of the device.
#[session.demo.saving]
#keepshape = true
";

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/config/nexus-writer.toml")
}

/// Returns the text of the sample.
fn sample() -> String {
    let catalogue = catalogue();
    let mut text = HEAD.to_owned();
    let mut tables: Vec<&str> = Vec::new();
    for key in catalogue.keys() {
        if !tables.contains(&table_of(key)) {
            tables.push(table_of(key));
        }
    }
    for table in tables {
        writeln!(text, "\n[{table}]").unwrap();
        for settings in catalogue.all() {
            let setting = &settings[0].setting;
            if table_of(&setting.key) == table {
                let shown = default_of(setting);
                for comment in comments(settings) {
                    text.push_str(&wrapped(&comment));
                }
                writeln!(text, "#{} = {shown}", name_of(&setting.key)).unwrap();
            }
        }
    }
    text.push_str(TAIL);
    text
}

/// Returns the comments of a setting: its help, the values that it may have, and other defaults.
fn comments(settings: &[CommandSetting]) -> Vec<String> {
    let setting = &settings[0].setting;
    let arg = setting.arg();
    let mut comments = vec![arg.get_help().unwrap().to_string()];
    let possible = arg.get_possible_values();
    if setting.kind != Kind::Switch && !possible.is_empty() {
        let names: Vec<_> = possible.iter().map(|value| value.get_name()).collect();
        comments.push(format!("One of: {}", names.join(", ")));
    }
    let usual = default_of(setting);
    let mut others: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for other in settings {
        let shown = default_of(&other.setting);
        if shown != usual {
            others.entry(shown).or_default().push(&other.command);
        }
    }
    for (shown, commands) in others {
        comments.push(format!("Default of {}: {shown}", commands.join(", ")));
    }
    comments
}

fn default_of(setting: &Setting) -> String {
    let defaults = setting.arg().get_default_values().iter();
    let mut texts: Vec<_> = defaults
        .map(|text| text.to_string_lossy().into_owned())
        .collect();
    if setting.kind == Kind::Switch {
        texts = vec!["false".to_owned()];
    }
    to_toml(&Value {
        key: setting.key.clone(),
        kind: setting.kind,
        texts,
        source: Source::Default,
    })
}

/// Returns the lines of a comment.
fn wrapped(comment: &str) -> String {
    let mut lines = String::from("#");
    let mut length = 1;
    for word in comment.split(' ') {
        if length + 1 + word.len() > WIDTH {
            lines.push_str("\n#");
            length = 1;
        }
        lines.push(' ');
        lines.push_str(word);
        length += 1 + word.len();
    }
    lines.push('\n');
    lines
}

#[test]
fn the_sample_has_every_setting_with_its_default() {
    let expected = sample();
    if std::env::var_os("NEXUS_WRITER_WRITE_SAMPLE").is_some() {
        fs::create_dir_all(path().parent().unwrap()).unwrap();
        fs::write(path(), &expected).unwrap();
    }
    let found = fs::read_to_string(path()).unwrap();
    assert_eq!(
        found, expected,
        "see crates/cli/src/configuration/sample.rs"
    );
}

#[test]
fn every_line_of_the_sample_can_be_used() {
    let is_setting = |line: &str| {
        let rest = line.strip_prefix('#').unwrap_or_default();
        rest.starts_with('[') || rest.starts_with(|c: char| c.is_ascii_lowercase())
    };
    let lines = sample();
    let lines = lines.lines().map(|line| match is_setting(line) {
        true => line[1..].to_owned(),
        false => line.to_owned(),
    });
    let lines: Vec<_> = lines.collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.toml");
    fs::write(&file, lines.join("\n")).unwrap();
    let catalogue = catalogue();
    let read = ConfigurationFile::read(&file, &catalogue).unwrap();
    assert!(read.values().keys().map(String::as_str).eq({
        let mut keys: Vec<_> = catalogue.keys().collect();
        keys.sort_unstable();
        keys
    }));
    assert_eq!(read.session_names().collect::<Vec<_>>(), ["demo"]);
    let untouched = folder.path().join("sample.toml");
    fs::write(&untouched, sample()).unwrap();
    let read = ConfigurationFile::read(&untouched, &catalogue).unwrap();
    assert!(read.values().is_empty());
}

#[test]
fn properties_of_devices_have_the_names_of_options() {
    let interface: serde_json::Value =
        serde_json::from_str(include_str!("../../tests/tango/interface/NexusWriter.json")).unwrap();
    let settings = super::arguments::settings(
        &<crate::args::DeviceArgs as clap::CommandFactory>::command(),
        &[],
    );
    for property in interface["declared_device_properties"].as_array().unwrap() {
        let name = property["name"].as_str().unwrap();
        // It says which settings of a session hold.
        if name != "session" {
            let is_it = |setting: &Setting| setting.id() == name;
            assert!(settings.iter().any(is_it), "{name}");
        }
    }
}
