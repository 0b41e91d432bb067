//! One file of a scan: its trees, and what is missing of them.

use std::path::{Path, PathBuf};

use nexus::apply::PendingLinks;
use nexus::file::{FileSession, Holder};
use nexus::tree::{Change, Group, Item, Value, difference};
use nexus::{Error, h5};

use super::account::Account;
use crate::layout::{FileTree, Stamp};
use crate::subscriber::with_causes;
use crate::workshop::Bench;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// An open file that holds (a part of) a scan.
pub struct ScanFile {
    /// Name of the file in the layout.
    pub name: String,
    /// Our hold on the file.
    pub session: FileSession,
    tree: Group,
    links: PendingLinks,
    /// The last flush failed: it is tried again with each commit, and told once.
    unflushed: bool,
}

impl ScanFile {
    /// Opens the file and writes the tree into it. Problems are put into the account; there is no
    /// file if nothing can be written in it.
    pub fn begin(bench: &Bench, tree: FileTree, account: &mut Account) -> Option<ScanFile> {
        let session = match open(bench, &tree) {
            Ok(session) => session,
            Err(reason) => {
                account.problem(reason);
                return None;
            }
        };
        match taken(&session, &tree) {
            Ok(None) => {}
            Ok(Some(path)) => {
                let file = session.path().display();
                account.problem(format_args!(
                    "{path} already exists in {file}, nothing is written there"
                ));
                return None;
            }
            Err(reason) => {
                account.problem(reason);
                return None;
            }
        }
        tell_invalid(&tree, account);
        if let Err(error) = stamp(&session, &tree.stamp) {
            account.problem(with_causes(&error));
        }
        let mut file = ScanFile {
            name: tree.file,
            session,
            tree: tree.root,
            links: PendingLinks::default(),
            unflushed: false,
        };
        let written = file.session.write_tree(&file.tree, &mut file.links);
        written
            .errors
            .iter()
            .for_each(|error| account.problem(error));
        file.flush(account);
        Some(file)
    }

    /// Resolved absolute path of the file.
    pub fn path(&self) -> PathBuf {
        self.session.path().to_owned()
    }

    /// Makes links whose target has appeared.
    pub fn retry_links(&mut self, account: &mut Account) {
        let errors = self.session.retry_links(&mut self.links);
        errors.iter().for_each(|error| account.problem(error));
    }

    /// Hands what was written to the operating system, for readers to see.
    pub fn flush(&mut self, account: &mut Account) {
        let flushed = self.session.flush_if_dirty();
        if let (Err(error), false) = (&flushed, self.unflushed) {
            account.problem(with_causes(error));
        }
        self.unflushed = flushed.is_err();
    }

    /// Brings the file to the next version of its tree. `stored` tells for the path of a stream's
    /// place whether it has a dataset, and nothing for all other paths.
    pub fn update(
        &mut self,
        next: FileTree,
        stored: impl Fn(&str) -> Option<bool>,
        account: &mut Account,
    ) {
        tell_invalid(&next, account);
        self.retry_links(account);
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
        changes.retain(|change| !self.is_taken(change, account));
        for change in &changes {
            if let Change::StreamMoved { path, stream } = change {
                account.warning(format_args!(
                    "the place of stream {stream:?} changed at the end of the scan ({path} in {}): \
                     what was written stays where it is",
                    self.session.path().display()
                ));
            }
        }
        let written = self.session.apply_changes(&changes, &mut self.links);
        written
            .errors
            .iter()
            .for_each(|error| account.problem(error));
        self.tree = next.root;
    }

    /// Whether the change is a link to another file whose name is taken: whatever is there stays.
    fn is_taken(&self, change: &Change, account: &mut Account) -> bool {
        let Change::Add {
            path,
            item: Item::ExternalLink { file, target },
        } = change
        else {
            return false;
        };
        let root = self.session.root();
        let taken = root.is_ok_and(|root| root.has_link(path).unwrap_or(false));
        if taken {
            account.warning(format_args!(
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

    /// Makes the links that have no target, and lets the file go.
    pub fn close(mut self, account: &mut Account) {
        let errors = self.session.force_links(&mut self.links);
        errors.iter().for_each(|error| account.problem(error));
        self.flush(account);
        if let Err(error) = self.session.close() {
            account.problem(error);
        }
    }
}

pub fn tell_invalid(tree: &FileTree, account: &mut Account) {
    for invalid in &tree.invalid {
        account.problem(format_args!("left out {invalid}"));
    }
    for notice in &tree.notices {
        account.warning(notice);
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

fn open(bench: &Bench, tree: &FileTree) -> Result<FileSession, String> {
    let path = Path::new(&tree.file);
    if !path.is_absolute() {
        return Err(format!(
            "a file path must be absolute, but it is not: {}",
            path.display()
        ));
    }
    bench
        .open(path)
        .map_err(|error| match (&error, &tree.stamp) {
            (Error::Locked { file, holders }, Stamp::Nexus { .. }) => locked(file, holders),
            _ => with_causes(&error),
        })
}

/// What clients of `blisswriter` 2.0.0 are told about a locked file: one line, and one more for each
/// process that is known to hold it.
fn locked(file: &Path, holders: &[Holder]) -> String {
    let holders = holders.iter().map(|holder| format!("\n{holder}"));
    let holders: String = holders.collect();
    format!("The Nexus file is locked: '{}'{holders}", file.display())
}

/// The first item of the tree whose name is taken in the file. Groups may be shared, but for those
/// that the layout calls its own; everything else belongs to the scan that wrote it first.
fn taken(session: &FileSession, tree: &FileTree) -> Result<Option<String>, String> {
    let root = session.root().map_err(|error| with_causes(&error))?;
    let own = || {
        for name in &tree.own {
            if root.has_link(name)? {
                return Ok(Some(format!("scan {name}")));
            }
        }
        taken_below(&root, "", &tree.root)
    };
    own().map_err(|error| {
        format!(
            "cannot read {}: {}",
            session.path().display(),
            with_causes(&error)
        )
    })
}

fn taken_below(root: &h5::Group, path: &str, group: &Group) -> h5::Result<Option<String>> {
    for (name, item) in &group.children {
        let path = format!("{path}/{name}");
        if !root.has_link(&path)? {
            continue;
        }
        match item {
            Item::Group(group) if root.kind(&path)? == Some(h5::Kind::Group) => {
                if let Some(taken) = taken_below(root, &path, group)? {
                    return Ok(Some(taken));
                }
            }
            _ => return Ok(Some(path)),
        }
    }
    Ok(None)
}
