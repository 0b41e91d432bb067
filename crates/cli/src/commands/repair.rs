//! `repair`: brings files into order whose writer was killed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use nexus::file::{Recovery, repair as repair_file};
use observation::with_causes;

use super::Outcome;
use crate::exit;
use crate::results::print;

/// Brings the files into order one by one, and prints what was done.
pub fn repair(files: &[PathBuf]) -> Outcome {
    let mut is_good = true;
    for file in files {
        let (done, text) = repair_one(file);
        is_good &= done;
        print(&format!("{}: {text}\n", file.display()))?;
    }
    Ok(match is_good {
        true => exit::SUCCESS,
        false => ExitCode::from(exit::FAILED),
    })
}

/// Returns whether a file is in order now, and a text that says what was done.
fn repair_one(file: &Path) -> (bool, String) {
    match repair_file(file) {
        Ok(Recovery::InOrder) => (true, "nothing to repair".to_owned()),
        Ok(Recovery::Completed) => (
            true,
            "repaired: it is as it was at its last commit".to_owned(),
        ),
        Ok(Recovery::RolledBack(commits)) => {
            let text = format!(
                "repaired: the power has failed, and it is as it was at its last checkpoint, \
                 {commits} commits before"
            );
            (true, text)
        }
        Ok(Recovery::Foreign) => {
            let text = "left alone: another program has changed it since its writer ended";
            (true, text.to_owned())
        }
        Err(error) => (false, with_causes(&error)),
    }
}
