//! One file of a scan: its trees, and what is missing of them.

use std::path::{Path, PathBuf};

use nexus::apply::PendingLinks;
use nexus::file::FileSession;
use nexus::h5;
use nexus::tree::{Change, Content, Dataset, Group, Item, Named, Storage, Value, difference};

use super::account::Account;
use crate::layout::FileTree;
use crate::subscriber::with_causes;
use crate::workshop::Bench;

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
        tell_invalid(&tree, account);
        let session = match open(bench, Path::new(&tree.file)) {
            Ok(session) => session,
            Err(reason) => {
                account.problem(reason);
                return None;
            }
        };
        match first_taken(&session, &tree.root) {
            Ok(None) => {}
            Ok(Some(path)) => {
                let file = session.path().display();
                account.problem(format_args!(
                    "{path} exists already in {file}, nothing is written there"
                ));
                return None;
            }
            Err(reason) => {
                account.problem(reason);
                return None;
            }
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
        if let Err(error) = file.session.stamp() {
            account.problem(with_causes(&error));
        }
        file.flush(account);
        Some(file)
    }

    /// Resolved absolute path of the file.
    pub fn path(&self) -> PathBuf {
        self.session.path().to_owned()
    }

    /// Path and stream of each place that a stream fills.
    pub fn streams(&self) -> Vec<(String, String)> {
        let own = |(path, stream): (String, &str)| (path, stream.to_owned());
        self.tree.streams().into_iter().map(own).collect()
    }

    /// The attributes that the tree declares for the dataset at `path`.
    pub fn attributes(&self, path: &str) -> Named<Value> {
        match find(&self.tree, path.trim_start_matches('/')) {
            Some(Item::Dataset(dataset)) => dataset.attributes.clone(),
            _ => Vec::new(),
        }
    }

    /// How the tree wants the stream at `path` to be stored.
    pub fn storage(&self, path: &str) -> Storage {
        match find(&self.tree, path.trim_start_matches('/')) {
            Some(Item::Dataset(Dataset {
                content: Content::Stream(stream),
                ..
            })) => stream.storage.clone(),
            _ => Storage::Free,
        }
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

    /// Brings the file to the last version of its tree. `filled` tells which places of streams
    /// have a dataset.
    pub fn finish(
        &mut self,
        last: &FileTree,
        filled: impl Fn(&str) -> bool,
        account: &mut Account,
    ) {
        tell_invalid(last, account);
        self.retry_links(account);
        self.flush(account);
        let places = self.tree.streams();
        let is_place = |path: &str| places.iter().any(|(place, _)| place == path);
        let is_invalid = |path: &str| last.invalid.iter().any(|item| item.path == path);
        let mut changes = difference(&self.tree, &last.root);
        changes.retain(|change| match change {
            Change::Attributes { path, .. } => !is_place(path) || filled(path),
            // A mistake in the last version does not remove what the first one had right.
            Change::Remove { path, .. } => !is_invalid(path),
            _ => true,
        });
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

fn tell_invalid(tree: &FileTree, account: &mut Account) {
    for invalid in &tree.invalid {
        account.problem(format_args!("left out {invalid}"));
    }
    for notice in &tree.notices {
        account.warning(notice);
    }
}

fn open(bench: &Bench, path: &Path) -> Result<FileSession, String> {
    if !path.is_absolute() {
        return Err(format!(
            "a file path must be absolute, but it is not: {}",
            path.display()
        ));
    }
    bench.open(path).map_err(|error| with_causes(&error))
}

/// The first item of the tree whose name is taken in the file. Groups may be shared; everything
/// else belongs to the scan that wrote it first.
fn first_taken(session: &FileSession, tree: &Group) -> Result<Option<String>, String> {
    let root = session.root().map_err(|error| with_causes(&error))?;
    taken_below(&root, "", tree).map_err(|error| {
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

/// The item at a path; names may hold slashes themselves.
fn find<'a>(group: &'a Group, path: &str) -> Option<&'a Item> {
    group
        .children
        .iter()
        .find_map(|(name, item)| match path.strip_prefix(name.as_str())? {
            "" => Some(item),
            rest => match item {
                Item::Group(group) => find(group, rest.strip_prefix('/')?),
                _ => None,
            },
        })
}
