//! Whether the directory that systemd makes for a running service can be written.

use std::env;
use std::path::PathBuf;

use super::finding::Finding;
use super::installation::Installation;
use super::temporary_file::TemporaryFile;

const CHECK: &str = "runtime directory";

/// Looks whether the file with the address of the writer can be made there.
pub async fn check(installation: &Installation) -> Finding {
    let directories = env::var_os("RUNTIME_DIRECTORY").unwrap_or_default();
    let directory = env::split_paths(&directories).next();
    let Some(directory) = directory.filter(|path| *path != PathBuf::new()) else {
        return Finding::ok(CHECK, "none is needed: RUNTIME_DIRECTORY is not set");
    };
    let name = directory.display().to_string();
    let made = installation
        .limit
        .blocking(move || TemporaryFile::make(&directory).map(drop))
        .await;
    let found = match made {
        Some(Ok(())) => return Finding::ok(CHECK, format!("{name} can be written")),
        Some(Err(error)) => format!("{name} cannot be written: {error}"),
        None => installation
            .limit
            .no_answer(format!("the file system of {name}")),
    };
    let advice = "Let systemd make it (RuntimeDirectory=), or unset RUNTIME_DIRECTORY: `nexus-writer status` finds writers \
                  by a file in there.";
    Finding::warning(CHECK, found, advice)
}
