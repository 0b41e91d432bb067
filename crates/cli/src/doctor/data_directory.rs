//! Whether files can be made in the directory for data.

use std::io;
use std::path::Path;

use super::finding::Finding;
use super::installation::Installation;
use super::temporary_file::TemporaryFile;

const CHECK: &str = "data directory";

/// Makes a temporary file, and removes it. Returns `true` if that is possible.
pub async fn check(installation: &Installation, directory: &Path) -> (Finding, bool) {
    let name = directory.display();
    let path = directory.to_owned();
    let made = installation
        .limit
        .blocking(move || TemporaryFile::make(&path).map(drop))
        .await;
    let (found, advice) = match made {
        Some(Ok(())) => {
            let found = format!("files can be made in {name}");
            return (Finding::ok(CHECK, found), true);
        }
        None => (
            installation
                .limit
                .no_answer(format!("the file system of {name}")),
            "See whether the server of the file system runs, and whether it is mounted.".to_owned(),
        ),
        Some(Err(error)) => (
            format!("no file can be made in {name}: {error}"),
            advice(&error, directory),
        ),
    };
    (Finding::problem(CHECK, found, advice), false)
}

fn advice(error: &io::Error, directory: &Path) -> String {
    let name = directory.display();
    match error.kind() {
        io::ErrorKind::NotFound => {
            format!(
                "Make the directory, mount its file system, or name another one by `--data DIR`: {name}."
            )
        }
        io::ErrorKind::NotADirectory => "Name a directory by `--data DIR`.".to_owned(),
        io::ErrorKind::PermissionDenied => format!(
            "Let the user of the writer write there (chown or chmod), or run the writer as another user; this is user {}.",
            rustix::process::geteuid().as_raw()
        ),
        io::ErrorKind::ReadOnlyFilesystem => "Mount the file system for writing.".to_owned(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "Make room on the file system, or raise the quota.".to_owned()
        }
        _ => "See the log of the system.".to_owned(),
    }
}
