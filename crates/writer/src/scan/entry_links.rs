//! Links to the entries of a scan, in files that hold only links.

use std::path::Path;

use super::diagnostics::Diagnostics;
use super::file::{leads_to, write_root_attributes};
use super::problem::ScanProblem;
use crate::filesystem;
use crate::layout::{EntryLink, RootAttributes};
use crate::writer_thread::WriterContext;

/// Creates the links. Returns those whose file cannot be written now, with the reason: another program
/// may have it open, so a later attempt may succeed.
pub fn create(
    context: &WriterContext,
    links: Vec<EntryLink>,
    header: &RootAttributes,
    diagnostics: &mut Diagnostics,
) -> Vec<(EntryLink, ScanProblem)> {
    let mut refused = Vec::new();
    for link in links {
        match create_one(context, &link, header) {
            Ok(true) => {}
            Ok(false) => diagnostics.warning(format_args!(
                "/{} already exists in {}, it is not linked to {}::{}",
                link.name, link.file, link.target_file, link.target
            )),
            Err(reason) => refused.push((link, reason)),
        }
    }
    refused
}

/// Creates one link. Returns `false` if something else has its name.
fn create_one(
    context: &WriterContext,
    link: &EntryLink,
    header: &RootAttributes,
) -> Result<bool, ScanProblem> {
    let path = Path::new(&link.file);
    filesystem::prepare_path(path, 0)?;
    let session = context.open_once(path, context.locking())?;
    write_root_attributes(&session, header)?;
    let root = session.root()?;
    let made = if root.has_link(&link.name)? {
        leads_to(&root, &link.name, &link.target_file, &link.target)
    } else {
        root.create_external_link(&link.name, Path::new(&link.target_file), &link.target)?;
        true
    };
    session.close()?;
    Ok(made)
}
