//! One file of a scan: writes the trees of the layout into it.

mod open;

use std::path::PathBuf;

use nexus::apply::PendingLinks;
use nexus::file::FileSession;
use nexus::h5;
use nexus::tree::{Change, Group, Item, Value, difference};

use super::diagnostics::Diagnostics;
use super::file_claims::FileLeases;
use super::partial_scan::PartialScan;
use super::problem::ScanProblem;
use crate::layout::{FileTree, Layout, RootAttributes};
use crate::writer_thread::WriterContext;
use open::{first_taken, open};
pub use open::{locking_of, open_protected};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// An open file that holds (a part of) a scan.
pub struct ScanFile {
    /// Name of the file in the layout.
    pub name: String,
    /// The open file, locked for us.
    pub session: FileSession,
    tree: Group,
    links: PendingLinks,
    root_attributes: RootAttributes,
    /// The part of the scan that an earlier writer has left, if any.
    pub partial: Option<PartialScan>,
    /// Set when the last flush failed. Each commit tries again, but only the first failure is reported.
    flush_failed: bool,
}

impl ScanFile {
    /// Opens the file and writes the tree into it. Reports problems to the diagnostics, and returns `None`
    /// if nothing can be written into the file.
    pub fn begin(
        context: &WriterContext,
        claims: &FileLeases,
        layout: &dyn Layout,
        tree: FileTree,
        diagnostics: &mut Diagnostics,
    ) -> Option<ScanFile> {
        let mut file = ScanFile::open(context, claims, layout, &tree, false, diagnostics)?;
        file.write(tree, diagnostics);
        Some(file)
    }

    /// Opens the file for this tree without writing. Reports a problem and returns `None` if the file
    /// already has an item of the tree, unless an earlier writer of this scan (`resumed`) has left it.
    pub fn open(
        context: &WriterContext,
        claims: &FileLeases,
        layout: &dyn Layout,
        tree: &FileTree,
        resumed: bool,
        diagnostics: &mut Diagnostics,
    ) -> Option<ScanFile> {
        match ScanFile::try_open(context, claims, layout, tree, resumed, diagnostics) {
            Ok(file) => Some(file),
            Err(problem) => {
                diagnostics.problem(problem);
                None
            }
        }
    }

    fn try_open(
        context: &WriterContext,
        claims: &FileLeases,
        layout: &dyn Layout,
        tree: &FileTree,
        resumed: bool,
        diagnostics: &Diagnostics,
    ) -> Result<ScanFile, ScanProblem> {
        let session = open(context, claims, layout, tree)?;
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
            && let Some(path) = first_taken(&session, tree)?
        {
            let file = session.path().to_owned();
            return Err(ScanProblem::NameTaken { file, path });
        }
        Ok(ScanFile {
            name: tree.file.clone(),
            session,
            tree: Group::default(),
            links: PendingLinks::default(),
            root_attributes: tree.root_attributes.clone(),
            partial,
            flush_failed: false,
        })
    }

    /// Writes the first tree.
    pub fn write(&mut self, tree: FileTree, diagnostics: &mut Diagnostics) {
        self.begin_tree(tree, diagnostics);
        let written = self.session.write_tree(&self.tree, &mut self.links);
        let errors = written.errors.into_iter();
        errors.for_each(|error| diagnostics.problem(error));
        self.flush_before_more(diagnostics);
    }

    /// Writes the first tree over the part that an earlier writer has left. That part may be as late as
    /// the tree `last`.
    pub fn resume(&mut self, tree: FileTree, last: &Group, diagnostics: &mut Diagnostics) {
        self.begin_tree(tree, diagnostics);
        let mut changes = difference(last, &self.tree);
        changes.retain(|change| match change {
            Change::Remove { .. } | Change::Replace { .. } => true,
            // The root belongs to all scans of the file.
            Change::Attributes { path, .. } => path != "/",
            Change::Add { .. } | Change::StreamMoved { .. } => false,
        });
        let removed = self.session.complete_changes(&changes, &mut self.links);
        let written = self.session.complete_tree(&self.tree, &mut self.links);
        let errors = removed.errors.into_iter().chain(written.errors);
        errors.for_each(|error| diagnostics.problem(error));
        self.flush_before_more(diagnostics);
    }

    fn begin_tree(&mut self, tree: FileTree, diagnostics: &mut Diagnostics) {
        report_invalid(&tree, diagnostics);
        if let Err(error) = write_root_attributes(&self.session, &self.root_attributes) {
            diagnostics.problem(error);
        }
        self.tree = tree.root;
    }

    /// Returns the resolved absolute path of the file.
    pub fn path(&self) -> PathBuf {
        self.session.path().to_owned()
    }

    /// Returns the names of the groups of the scan in the root of the file.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        let children = self.tree.children.iter();
        children.filter_map(|(name, item)| matches!(item, Item::Group(_)).then_some(name.as_str()))
    }

    /// Creates links whose target has appeared.
    pub fn retry_links(&mut self, diagnostics: &mut Diagnostics) {
        let errors = self.session.retry_links(&mut self.links);
        errors
            .into_iter()
            .for_each(|error| diagnostics.problem(error));
    }

    /// Flushes the file, unless it has a journal: then readers see what follows together with this, or not at all.
    fn flush_before_more(&mut self, diagnostics: &mut Diagnostics) {
        if !self.session.has_journal() {
            self.flush(diagnostics);
        }
    }

    /// Flushes the file, so that readers see what has been written.
    pub fn flush(&mut self, diagnostics: &mut Diagnostics) {
        let flushed = self.session.flush_if_dirty();
        let had_failed = std::mem::replace(&mut self.flush_failed, flushed.is_err());
        if let (Err(error), false) = (flushed, had_failed) {
            diagnostics.problem(error);
        }
    }

    /// Updates the file to the next version of its tree. `stored` returns whether the dataset of a stream
    /// exists, and `None` for a path that is not the dataset of a stream.
    pub fn update(
        &mut self,
        next: FileTree,
        stored: impl Fn(&str) -> Option<bool>,
        diagnostics: &mut Diagnostics,
    ) {
        report_invalid(&next, diagnostics);
        self.retry_links(diagnostics);
        let is_invalid = |path: &str| next.invalid.iter().any(|item| item.path == path);
        let mut changes = difference(&self.tree, &next.root);
        changes.retain(|change| match change {
            Change::Attributes { path, .. } => stored(path) != Some(false),
            // An invalid item in the next version must not remove the valid one of the last version.
            Change::Remove { path, .. } => !is_invalid(path),
            // The place of a stream is fixed when the scan starts.
            Change::StreamMoved { path, .. } => stored(path).is_none(),
            _ => true,
        });
        changes.retain(|change| !self.is_name_taken(change, diagnostics));
        for change in &changes {
            if let Change::StreamMoved { path, stream } = change {
                diagnostics.warning(format_args!(
                    "the place of stream {stream:?} changed at the end of the scan ({path} in {}): \
                     what was written stays where it is",
                    self.session.path().display()
                ));
            }
            for (path, stream) in streams_of_added_group(change) {
                if stored(&path).is_none() {
                    diagnostics.warning(format_args!(
                        "stream {stream:?} was given a dataset at the end of the scan ({path} in {}): \
                         it is not written",
                        self.session.path().display()
                    ));
                }
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

    /// Returns `true` if the change is an external link whose name exists in the file: the existing item
    /// stays. Warns unless it is the same link.
    fn is_name_taken(&self, change: &Change, diagnostics: &mut Diagnostics) -> bool {
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

    /// Returns the shape of the dataset at a path, if the path leads to a dataset of this file.
    pub fn shape(&self, path: &str) -> Option<Vec<u64>> {
        let root = self.session.root().ok()?;
        match root.kind(path) {
            Ok(Some(h5::ObjectKind::Dataset)) => root.open_dataset(path).ok()?.shape().ok(),
            _ => None,
        }
    }

    /// Returns the size of the elements of the dataset at a path, in bytes.
    pub fn bytes(&self, path: &str) -> u64 {
        let root = self.session.root().ok();
        let dataset = root.and_then(|root| root.open_dataset(path).ok());
        let elements = self.shape(path).unwrap_or_default().iter().product::<u64>();
        dataset.map_or(0, |dataset| elements * dataset.element_size() as u64)
    }

    /// Creates the links whose target has not appeared, and closes the file. Waits until everything is as durable as it
    /// has to be.
    pub async fn finish(mut self, diagnostics: &mut Diagnostics) {
        let errors = self.session.force_links(&mut self.links);
        errors
            .into_iter()
            .for_each(|error| diagnostics.problem(error));
        let had_failed = self.flush_failed;
        if let Err(error) = self.session.finish().await
            && !had_failed
        {
            diagnostics.problem(error);
        }
    }
}

/// Returns the path of each dataset of a stream in a group that is added, and the name of the stream.
fn streams_of_added_group<'a>(change: &'a Change) -> Vec<(String, &'a str)> {
    let (Change::Add { path, item }
    | Change::Replace {
        path, after: item, ..
    }) = change
    else {
        return Vec::new();
    };
    let Item::Group(group) = item else {
        return Vec::new();
    };
    let streams = group.streams().into_iter();
    streams
        .map(|(below, stream)| (format!("{path}{below}"), stream))
        .collect()
}

/// Returns `true` if `link` is an external link to `target` in `file`.
pub fn leads_to(root: &h5::Group, link: &str, file: &str, target: &str) -> bool {
    let wanted = h5::Link::External {
        file: file.to_owned(),
        target: target.to_owned(),
    };
    root.link(link).is_ok_and(|link| link == wanted)
}

/// Reports the invalid items and the notices of a tree.
pub fn report_invalid(tree: &FileTree, diagnostics: &mut Diagnostics) {
    for invalid in &tree.invalid {
        diagnostics.problem(ScanProblem::ItemInvalid(invalid.clone()));
    }
    for notice in &tree.notices {
        diagnostics.warning(notice);
    }
}

/// Writes the program and the time of writing into the attributes of the root.
pub fn write_root_attributes(
    session: &FileSession,
    attributes: &RootAttributes,
) -> nexus::Result<()> {
    match attributes {
        RootAttributes::Minimal => session.stamp(),
        RootAttributes::Nexus {
            version_name,
            publisher,
            publisher_version,
        } => {
            let mut attributes = vec![
                ("creator".to_owned(), Value::text("nexus-writer")),
                ((*version_name).to_owned(), Value::text(VERSION)),
            ];
            let more = [
                ("publisher", publisher),
                ("publisher_version", publisher_version),
            ];
            for (name, value) in more {
                if let Some(value) = value {
                    attributes.push((name.to_owned(), value.clone()));
                }
            }
            session.stamp_nexus(&attributes)
        }
    }
}
