//! Files with settings, and the programs that read them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub use testing::run;

/// What a program has printed of its settings: by key (`table.name`) the value, and where it is from.
pub type Printed = BTreeMap<String, (String, String)>;

/// A folder for files.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file. Returns its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

/// Returns a program with its arguments and without variables that have settings.
pub fn program(words: &str) -> Command {
    let mut words = words.split(' ');
    let executable = env!("CARGO_BIN_EXE_nexus-writer");
    let mut command = Command::new(testing::link_beside(executable, words.next().unwrap()));
    command.args(words).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let known = name.to_str().unwrap_or_default();
        if known.starts_with("NEXUS_WRITER_") || known == "REDIS_DATA_URL" || known == "BEACON_HOST"
        {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a program that prints its settings.
pub fn print(command: &mut Command) -> String {
    let (status, text, errors) = run(command.arg("--print-config"));
    assert_eq!((status, errors.as_str()), (Some(0), ""), "{text}");
    text
}

/// Returns what is in the text that a program has printed.
pub fn parse(text: &str) -> Printed {
    let mut table = "";
    let mut printed = Printed::new();
    let lines = text.lines();
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[') {
            table = name.strip_suffix(']').unwrap();
            continue;
        }
        let (setting, source) = line.rsplit_once("  # ").unwrap();
        let (name, value) = setting.split_once(" = ").unwrap();
        let entry = (value.to_owned(), source.to_owned());
        let before = printed.insert(format!("{table}.{name}"), entry);
        assert_eq!(before, None, "{text}");
    }
    printed
}

/// Returns the settings of a program.
pub fn printed(command: &mut Command) -> Printed {
    parse(&print(command))
}
