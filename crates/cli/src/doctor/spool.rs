//! Whether unread points can be kept that Redis is about to drop.

use super::finding::Finding;
use super::installation::Installation;

const CHECK: &str = "spool";

/// Looks whether the directory of the spool can be written, or made.
pub async fn check(installation: &Installation) -> Finding {
    if installation.spool.size == 0 {
        return Finding::ok(CHECK, "none is wanted");
    }
    let advice = "Name a directory by `--spool DIR` that the user of the writer may write: points that Redis drops while \
                  their file cannot take them would be lost.";
    let Some(directory) = installation.spool.directory() else {
        return Finding::warning(CHECK, "neither STATE_DIRECTORY nor HOME is set", advice);
    };
    let name = directory.display().to_string();
    // A file that would be in there need not exist, nor its directories.
    let file = directory.join("spool");
    let is_writable = installation
        .limit
        .blocking(move || writer::filesystem::writable_soon_blocking(&file))
        .await;
    match is_writable {
        Some(Ok(Some(true))) => Finding::ok(CHECK, format!("{name} can be written")),
        Some(Ok(Some(false))) => {
            Finding::warning(CHECK, format!("{name} cannot be written"), advice)
        }
        _ => Finding::warning(
            CHECK,
            installation
                .limit
                .no_answer(format!("the file system of {name}")),
            advice,
        ),
    }
}
