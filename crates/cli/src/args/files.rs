//! How files are written.

use clap::Args as Group;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use nexus::file::{Durability, FileLocking, FileSettings};
use nexus::h5::FileDriver;

/// How files are written.
#[derive(Group, Clone)]
pub struct Files {
    /// Whether files are locked: where the file system can (auto), always (required), never (off)
    #[arg(
        long,
        alias = "file_locking",
        env = "NEXUS_WRITER_FILES_LOCKING",
        default_value_t = FileLocking::Auto,
        value_name = "WHEN",
        value_parser = lockings()
    )]
    file_locking: FileLocking,
    /// What writes files: a journal, with which they survive a kill and a full disk (safe), or HDF5 alone (plain)
    #[arg(
        long,
        alias = "file_driver",
        env = "NEXUS_WRITER_FILES_DRIVER",
        default_value_t = FileDriver::Safe,
        value_name = "NAME",
        value_parser = drivers()
    )]
    file_driver: FileDriver,
    /// What survives a power failure: each finished scan, and of running scans all but the last 5 s (scan); all but the
    /// last SECONDS; or nothing (none)
    #[arg(
        long,
        env = "NEXUS_WRITER_FILES_DURABILITY",
        default_value_t = Durability::Scan,
        value_name = "none|scan|SECONDS"
    )]
    durability: Durability,
}

fn drivers() -> impl TypedValueParser<Value = FileDriver> {
    PossibleValuesParser::new(FileDriver::ALL.map(FileDriver::name)).try_map(|name| name.parse())
}

fn lockings() -> impl TypedValueParser<Value = FileLocking> {
    PossibleValuesParser::new(FileLocking::ALL.map(FileLocking::name)).try_map(|name| name.parse())
}

impl Files {
    /// Returns the same for the writer.
    pub fn settings(&self) -> FileSettings {
        FileSettings {
            locking: self.file_locking,
            driver: self.file_driver,
            durability: self.durability,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;

    use super::*;

    #[derive(Parser, Debug)]
    struct Typed {
        #[command(flatten)]
        files: Files,
    }

    impl std::fmt::Debug for Files {
        fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
            self.settings().fmt(f)
        }
    }

    #[test]
    fn files_are_safe_unless_something_else_is_typed() {
        let typed = |arguments: &[&str]| {
            let typed = std::iter::once(&"writer").chain(arguments);
            Typed::try_parse_from(typed).map(|typed| typed.files.settings())
        };
        let usual = FileSettings {
            durability: Durability::Scan,
            ..FileSettings::default()
        };
        assert_eq!(typed(&[]).unwrap(), usual);
        let expected = FileSettings {
            locking: FileLocking::Off,
            driver: FileDriver::Plain,
            durability: Durability::Every(Duration::from_millis(1500)),
        };
        let dashed = [
            "--file-locking=off",
            "--file-driver=plain",
            "--durability=1.5",
        ];
        assert_eq!(typed(&dashed).unwrap(), expected);
        let underscored = [
            "--file_locking=off",
            "--file_driver=plain",
            "--durability=1.5",
        ];
        assert_eq!(typed(&underscored).unwrap(), expected);
        let refused = typed(&["--durability=0"]).unwrap_err().to_string();
        assert!(refused.contains("neither none, nor scan"), "{refused}");
    }
}
