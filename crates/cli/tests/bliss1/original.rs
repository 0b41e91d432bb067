//! The writer of BLISS 1.11, beside the one whose device the session calls.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use testing::{Program, output, python};

use crate::beamline::{Beamline, bliss};

/// Begins with two arguments, folders: for the command after them the first takes the place of the second.
const IN_PLACE_OF: &str = r#"mount --bind "$0" "$1" && shift && exec "$@""#;

/// The writer of BLISS 1.11 in a process without a device. It saves the scans of the session `demo` under the names
/// that all writers use, but sees a folder of its own there.
pub struct OriginalWriter {
    program: Program,
    folder: PathBuf,
    own_folder: PathBuf,
}

/// The program whose files are compared with those of the original writer.
#[derive(Clone, Copy)]
pub enum Writer {
    Original,
    Ours,
}

impl OriginalWriter {
    /// Starts the writer, and waits until it listens.
    pub fn start(beamline: &Beamline) -> OriginalWriter {
        let [folder, own_folder] = ["data", "original"].map(|name| beamline.folder().join(name));
        for folder in [&folder, &own_folder] {
            fs::create_dir(folder).unwrap();
        }
        let mut command = beamline.command(Path::new("unshare"));
        command
            .args(["--map-root-user", "--mount", "sh", "-c", IN_PLACE_OF])
            .args([&own_folder, &folder])
            .arg(bliss("NexusSessionWriter"))
            .args(["demo", "--log=info"]);
        let mut program = Program::start_with_output(&mut command);
        program.wait_for("Session writer started");
        OriginalWriter {
            program,
            folder,
            own_folder,
        }
    }

    /// Returns the folder where the session has to save its files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Waits until all these scans are saved.
    pub fn wait_until_saved(&mut self, scans: &[&str]) {
        for scan in scans {
            self.program.wait_for_line(scan, |line| {
                line.contains(&format!("[{scan}-")) && line.contains("Finished succesfully")
            });
        }
    }

    /// Expects no difference between what is in the folder of the session and what this writer has saved.
    pub fn assert_equal_to(&self, writer: Writer) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bliss1/compare.py");
        let mut python = python();
        python
            .arg(script)
            // The script imports programs of the directory where this Python runs.
            .env("PYTHONPATH", ".")
            .args([&self.own_folder, &self.folder])
            .arg(match writer {
                Writer::Original => "original",
                Writer::Ours => "ours",
            });
        let report: Json = serde_json::from_str(&output(&mut python)).unwrap();
        assert_eq!(report["files"], 1, "{report:#}");
        let differences = report["differences"].as_array().unwrap();
        assert!(differences.is_empty(), "{report:#}");
    }
}
