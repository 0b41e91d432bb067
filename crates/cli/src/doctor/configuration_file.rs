//! Whether the configuration file can be read and is valid.

use super::finding::Finding;
use super::installation::Installation;
use crate::configuration::FileOutcome;

const CHECK: &str = "configuration";

/// Tells what became of the configuration file.
pub fn check(installation: &Installation) -> Finding {
    match &installation.file {
        FileOutcome::None => Finding::ok(CHECK, "there is no file: options and variables hold"),
        FileOutcome::Read(path) => Finding::ok(CHECK, format!("{} is valid", path.display())),
        FileOutcome::Wrong(error) => Finding::problem(
            CHECK,
            error,
            "Correct the file: no writer starts with it. All that follows was checked without it; `--print-config` \
             prints what holds.",
        ),
    }
}
