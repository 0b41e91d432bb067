//! Links to the entries of a scan, in files that hold only links.
//!
//! All writers of a beamline add links to the same few files, so each of these files is claimed and locked only
//! for the moment in which a link is made.

use std::path::Path;

use hub::Promise;

use super::diagnostics::Diagnostics;
use super::file::{leads_to, open_protected, write_root_attributes};
use super::file_claims::FileLeases;
use super::problem::ScanProblem;
use crate::filesystem;
use crate::layout::{EntryLink, RootAttributes};
use crate::subscriber::Fault;
use crate::writer_thread::WriterContext;

/// Links that are to be made now.
#[derive(Debug)]
pub struct LinkRequest {
    /// The files of the links.
    pub files: Vec<LinkFile>,
    /// Receives the links that cannot be made now, except those of files that other writers have claimed.
    pub refused: Promise<Vec<EntryLink>, Fault>,
}

/// A file that is to hold links.
#[derive(Debug)]
pub struct LinkFile {
    /// The links, all in this file.
    pub links: Vec<EntryLink>,
    /// The claim of the file, or who has claimed it.
    pub claim: Result<FileLeases, String>,
}

/// Creates the links of a file. Returns those that cannot be made now, with the reason: another program may
/// have the file open, so a later attempt may succeed.
pub async fn create(
    context: &WriterContext,
    claim: &FileLeases,
    links: Vec<EntryLink>,
    header: &RootAttributes,
    diagnostics: &mut Diagnostics,
) -> Vec<(EntryLink, ScanProblem)> {
    let mut refused = Vec::new();
    for link in links {
        match create_one(context, claim, &link, header).await {
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
async fn create_one(
    context: &WriterContext,
    claim: &FileLeases,
    link: &EntryLink,
    header: &RootAttributes,
) -> Result<bool, ScanProblem> {
    let path = Path::new(&link.file);
    filesystem::prepare_path(path, 0)?;
    context.closed(path).await;
    let open = |locking| context.open_once(path, locking);
    let session = open_protected(context, claim, path, open)?;
    write_root_attributes(&session, header)?;
    let root = session.root()?;
    let made = if root.has_link(&link.name)? {
        leads_to(&root, &link.name, &link.target_file, &link.target)
    } else {
        root.create_external_link(&link.name, Path::new(&link.target_file), &link.target)?;
        true
    };
    if !session.is_locked() && !claim.are_confirmed() {
        session.abandon();
        let file = path.to_owned();
        return Err(ScanProblem::FileUnprotected { file });
    }
    session.finish().await?;
    Ok(made)
}
