//! One file of a scan: its trees, and what is missing of them.

mod open;

use std::path::PathBuf;

use nexus::apply::PendingLinks;
use nexus::file::FileSession;
use nexus::h5;
use nexus::tree::{Change, Group, Item, Value, difference};

use super::diagnostics::Diagnostics;
use super::partial_scan::PartialScan;
use super::problem::ScanProblem;
use crate::layout::{FileTree, Layout, Stamp};
use crate::writer_thread::WriterContext;
use open::{open, taken};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// An open file that holds (a part of) a scan.
pub struct ScanFile {
    /// Name of the file in the layout.
    pub name: String,
    /// Our hold on the file.
    pub session: FileSession,
    tree: Group,
    links: PendingLinks,
    stamp: Stamp,
    /// What an earlier writer has left of the scan.
    pub partial: Option<PartialScan>,
    /// The last flush failed: it is tried again with each commit, and told once.
    unflushed: bool,
}

impl ScanFile {
    /// Opens the file and writes the tree into it. Problems are put into the diagnostics; there is no
    /// file if nothing can be written in it.
    pub fn begin(
        context: &WriterContext,
        layout: &dyn Layout,
        tree: FileTree,
        diagnostics: &mut Diagnostics,
    ) -> Option<ScanFile> {
        let mut file = ScanFile::open(context, layout, &tree, false, diagnostics)?;
        file.write(tree, diagnostics);
        Some(file)
    }

    /// Opens the file for this tree, and writes nothing yet. What is there of the tree must not be
    /// there, unless an earlier writer of this scan may have left it.
    pub fn open(
        context: &WriterContext,
        layout: &dyn Layout,
        tree: &FileTree,
        resumed: bool,
        diagnostics: &mut Diagnostics,
    ) -> Option<ScanFile> {
        match ScanFile::try_open(context, layout, tree, resumed, diagnostics) {
            Ok(file) => Some(file),
            Err(problem) => {
                diagnostics.problem(problem);
                None
            }
        }
    }

    fn try_open(
        context: &WriterContext,
        layout: &dyn Layout,
        tree: &FileTree,
        resumed: bool,
        diagnostics: &Diagnostics,
    ) -> Result<ScanFile, ScanProblem> {
        let session = open(context, layout, tree)?;
        let mut partial = None;
        if resumed {
            let root = session.root()?;
            let found = PartialScan::find(&root, session.path(), tree, diagnostics.scan().as_str());
            partial = found.map_err(|(path, error)| ScanProblem::RecordUnreadable {
                file: session.path().to_owned(),
                path,
                problem: error.to_string(),
            })?;
        }
        if partial.is_none()
            && let Some(path) = taken(&session, tree)?
        {
            let file = session.path().to_owned();
            return Err(ScanProblem::NameTaken { file, path });
        }
        Ok(ScanFile {
            name: tree.file.clone(),
            session,
            tree: Group::default(),
            links: PendingLinks::default(),
            stamp: tree.stamp.clone(),
            partial,
            unflushed: false,
        })
    }

    /// Writes the first tree.
    pub fn write(&mut self, tree: FileTree, diagnostics: &mut Diagnostics) {
        self.begin_with(tree, diagnostics);
        let written = self.session.write_tree(&self.tree, &mut self.links);
        let errors = written.errors.into_iter();
        errors.for_each(|error| diagnostics.problem(error));
        self.flush(diagnostics);
    }

    /// Writes the first tree over what an earlier writer has left. It may have come as far as the
    /// tree `last`.
    pub fn resume(&mut self, tree: FileTree, last: &Group, diagnostics: &mut Diagnostics) {
        self.begin_with(tree, diagnostics);
        let mut changes = difference(last, &self.tree);
        changes.retain(|change| match change {
            Change::Remove { .. } | Change::Replace { .. } => true,
            // The root is not ours alone.
            Change::Attributes { path, .. } => path != "/",
            Change::Add { .. } | Change::StreamMoved { .. } => false,
        });
        let removed = self.session.complete_changes(&changes, &mut self.links);
        let written = self.session.complete_tree(&self.tree, &mut self.links);
        let errors = removed.errors.into_iter().chain(written.errors);
        errors.for_each(|error| diagnostics.problem(error));
        self.flush(diagnostics);
    }

    fn begin_with(&mut self, tree: FileTree, diagnostics: &mut Diagnostics) {
        tell_invalid(&tree, diagnostics);
        if let Err(error) = stamp(&self.session, &self.stamp) {
            diagnostics.problem(error);
        }
        self.tree = tree.root;
    }

    /// Resolved absolute path of the file.
    pub fn path(&self) -> PathBuf {
        self.session.path().to_owned()
    }

    /// Makes links whose target has appeared.
    pub fn retry_links(&mut self, diagnostics: &mut Diagnostics) {
        let errors = self.session.retry_links(&mut self.links);
        errors
            .into_iter()
            .for_each(|error| diagnostics.problem(error));
    }

    /// Hands what was written to the operating system, for readers to see.
    pub fn flush(&mut self, diagnostics: &mut Diagnostics) {
        let flushed = self.session.flush_if_dirty();
        let was_unflushed = std::mem::replace(&mut self.unflushed, flushed.is_err());
        if let (Err(error), false) = (flushed, was_unflushed) {
            diagnostics.problem(error);
        }
    }

    /// Brings the file to the next version of its tree. `stored` tells for the path of a stream's
    /// place whether it has a dataset, and nothing for all other paths.
    pub fn update(
        &mut self,
        next: FileTree,
        stored: impl Fn(&str) -> Option<bool>,
        diagnostics: &mut Diagnostics,
    ) {
        tell_invalid(&next, diagnostics);
        self.retry_links(diagnostics);
        let is_invalid = |path: &str| next.invalid.iter().any(|item| item.path == path);
        let mut changes = difference(&self.tree, &next.root);
        changes.retain(|change| match change {
            Change::Attributes { path, .. } => stored(path) != Some(false),
            // A mistake in the next version does not remove what the last one had right.
            Change::Remove { path, .. } => !is_invalid(path),
            // The layout knows since the start where it goes.
            Change::StreamMoved { path, .. } => stored(path).is_none(),
            _ => true,
        });
        changes.retain(|change| !self.is_taken(change, diagnostics));
        for change in &changes {
            if let Change::StreamMoved { path, stream } = change {
                diagnostics.warning(format_args!(
                    "the place of stream {stream:?} changed at the end of the scan ({path} in {}): \
                     what was written stays where it is",
                    self.session.path().display()
                ));
            }
        }
        let written = match self.partial {
            Some(_) => self.session.complete_changes(&changes, &mut self.links),
            None => self.session.apply_changes(&changes, &mut self.links),
        };
        let errors = written.errors.into_iter();
        errors.for_each(|error| diagnostics.problem(error));
        self.tree = next.root;
    }

    /// Whether the change is a link to another file whose name is taken: whatever is there stays. It
    /// may be that link.
    fn is_taken(&self, change: &Change, diagnostics: &mut Diagnostics) -> bool {
        let Change::Add {
            path,
            item: Item::ExternalLink { file, target },
        } = change
        else {
            return false;
        };
        let Ok(root) = self.session.root() else {
            return false;
        };
        let taken = root.has_link(path).unwrap_or(false);
        if taken && !leads_to(&root, path, file, target) {
            diagnostics.warning(format_args!(
                "{path} already exists in {}, it is not linked to {file}::{target}",
                self.session.path().display()
            ));
        }
        taken
    }

    /// Extent of the dataset at a path, if it is a dataset of this file.
    pub fn shape(&self, path: &str) -> Option<Vec<u64>> {
        let root = self.session.root().ok()?;
        match root.kind(path) {
            Ok(Some(h5::Kind::Dataset)) => root.open_dataset(path).ok()?.shape().ok(),
            _ => None,
        }
    }

    /// Bytes of the elements of the dataset at a path.
    pub fn bytes(&self, path: &str) -> u64 {
        let root = self.session.root().ok();
        let dataset = root.and_then(|root| root.open_dataset(path).ok());
        let elements = self.shape(path).unwrap_or_default().iter().product::<u64>();
        dataset.map_or(0, |dataset| elements * dataset.element_size() as u64)
    }

    /// Makes the links that have no target, and lets the file go.
    pub fn close(mut self, diagnostics: &mut Diagnostics) {
        let errors = self.session.force_links(&mut self.links);
        errors
            .into_iter()
            .for_each(|error| diagnostics.problem(error));
        self.flush(diagnostics);
        if let Err(error) = self.session.close() {
            diagnostics.problem(error);
        }
    }
}

/// Whether a link leads to this path in this file.
pub fn leads_to(root: &h5::Group, link: &str, file: &str, target: &str) -> bool {
    let wanted = h5::Link::External {
        file: file.to_owned(),
        target: target.to_owned(),
    };
    root.link(link).is_ok_and(|link| link == wanted)
}

pub fn tell_invalid(tree: &FileTree, diagnostics: &mut Diagnostics) {
    for invalid in &tree.invalid {
        diagnostics.problem(ScanProblem::ItemInvalid(invalid.clone()));
    }
    for notice in &tree.notices {
        diagnostics.warning(notice);
    }
}

/// Notes at the root who writes the file, and when.
pub fn stamp(session: &FileSession, stamp: &Stamp) -> nexus::Result<()> {
    match stamp {
        Stamp::Minimal => session.stamp(),
        Stamp::Nexus {
            publisher,
            publisher_version,
        } => {
            let mut attributes = vec![
                ("creator".to_owned(), Value::text("nexus-writer")),
                ("create_version".to_owned(), Value::text(VERSION)),
                ("publisher".to_owned(), Value::text(publisher.as_str())),
            ];
            if let Some(version) = publisher_version {
                let version = Value::text(version.as_str());
                attributes.push(("publisher_version".to_owned(), version));
            }
            session.stamp_nexus(&attributes)
        }
    }
}
