//! Writes the items of a tree in one pass.

use observation::{Hdf5Stage, Stopwatch};

use crate::apply::{PendingLink, PendingLinks, StreamLocation, WriteOutcome};
use crate::error::{Error, Result};
use crate::file::FileSession;
use crate::h5::{self, Link, ObjectKind};
use crate::tree::{Content, Dataset, Group, Item, Value};

/// The number of objects between two flushes of a large tree in a file without a journal. When the metadata cache of the
/// HDF5 library is full, the library writes parts of it between flushes, and the file on disk becomes inconsistent. So few
/// objects never fill the cache.
const OBJECTS_PER_FLUSH: usize = 300;

/// The items that may exist in the file before the tree is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExistingItems {
    /// Only groups may exist. It is an error if another item exists.
    Nothing,
    /// An earlier writer may have written some items of the same tree.
    Resumed,
}

/// Writes items, and collects errors, waiting links and the items that are written last.
pub(super) struct TreeWriter<'s, 't> {
    pub(super) session: &'s FileSession,
    existing: ExistingItems,
    pub(super) pending: &'s mut PendingLinks,
    written: WriteOutcome,
    /// The datasets that mark an entry as complete: the path of the group, the name and the dataset.
    end_times: Vec<(String, &'t str, &'t Dataset)>,
    objects: usize,
    flush_failed: bool,
    /// Measures the time since the last flush.
    stopwatch: Stopwatch,
}

impl<'s, 't> TreeWriter<'s, 't> {
    pub(super) fn new(
        session: &'s FileSession,
        existing: ExistingItems,
        pending: &'s mut PendingLinks,
    ) -> Self {
        TreeWriter {
            session,
            existing,
            pending,
            written: WriteOutcome::default(),
            end_times: Vec::new(),
            objects: 0,
            flush_failed: false,
            stopwatch: session.observation().stopwatch(),
        }
    }

    /// Writes the attributes and children of an open group. The path of the root is empty.
    pub(super) fn fill_group(&mut self, group: &h5::Group, path: &str, tree: &'t Group) {
        for (name, value) in &tree.attributes {
            self.attribute(path, name, group.set_attribute(name, value));
        }
        for (name, item) in &tree.children {
            self.item(group, path, name, item);
        }
    }

    /// Writes one item into an open group. `path` is the path of the group.
    pub(super) fn item(&mut self, group: &h5::Group, path: &str, name: &'t str, item: &'t Item) {
        // Names are relative, even if they start with a slash.
        let name = name.trim_start_matches('/');
        let item_path = format!("{path}/{name}");
        self.count_object();
        if self.existing == ExistingItems::Resumed {
            match self.remove_different_link(group, name, &item_path, item) {
                Ok(false) => {}
                Ok(true) => return,
                Err(error) => return self.record(Err(error)),
            }
        }
        let done = match item {
            Item::Group(tree) => self.group(group, name, &item_path, tree).map(|group| {
                self.fill_group(&group, &item_path, tree);
            }),
            Item::Dataset(dataset) => match &dataset.content {
                Content::Stream(stream) => {
                    self.written.streams.push(StreamLocation {
                        path: item_path,
                        stream: stream.name.clone(),
                    });
                    Ok(())
                }
                _ if item_path.ends_with("/end_time") => {
                    self.end_times.push((path.to_owned(), name, dataset));
                    Ok(())
                }
                _ => self.dataset(group, name, &item_path, dataset),
            },
            Item::SoftLink { target } => self.pending.make_or_keep(
                self.session,
                group,
                PendingLink {
                    path: item_path,
                    target: target.clone(),
                },
            ),
            Item::ExternalLink { file, target } => {
                self.absent(group, name, &item_path, "link").and_then(|()| {
                    let created = group.create_external_link(name, file.as_ref(), target);
                    created.map_err(|reason| self.failed(&item_path, "link", reason))
                })
            }
        };
        self.record(done);
    }

    /// Writes the items that are written last, and returns the outcome of the whole pass.
    pub(super) fn finish(mut self, root: &h5::Group) -> WriteOutcome {
        let failed = self.pending.retry(self.session, root);
        self.written.errors.extend(failed);
        self.write_end_times(root);
        self.report();
        self.written
    }

    fn write_end_times(&mut self, root: &h5::Group) {
        if self.end_times.is_empty() {
            return;
        }
        // A reader that sees the end time must see all items of the entry.
        self.flush();
        for (path, name, dataset) in std::mem::take(&mut self.end_times) {
            let item_path = format!("{path}/{name}");
            let group = if path.is_empty() { "/" } else { &path };
            let opened = root.open_group(group);
            let done = opened
                .map_err(|reason| self.failed(&item_path, "write", reason))
                .and_then(|group| self.dataset(&group, name, &item_path, dataset));
            self.record(done);
        }
    }

    /// Reports the time since the last flush.
    fn report(&self) {
        let hdf5 = &self.session.observation().hdf5;
        hdf5.finished(Hdf5Stage::Build, self.stopwatch);
    }

    fn group(
        &self,
        parent: &h5::Group,
        name: &str,
        item_path: &str,
        tree: &Group,
    ) -> Result<h5::Group> {
        let group = match parent.kind(name) {
            Ok(Some(ObjectKind::Group)) => parent.open_group(name),
            Ok(Some(_)) => return Err(self.exists(item_path, "create group")),
            // Entries get links until their scan has ended.
            Ok(None) if is_in_root(item_path) => {
                let links = tree.children.len() + tree.later_names.len();
                let links = u32::try_from(links).unwrap_or(u32::MAX);
                parent.create_growing_group(name, links, &texts_of_links(tree))
            }
            Ok(None) => parent.create_group_for(name, &texts_of_links(tree)),
            Err(reason) => Err(reason),
        };
        group.map_err(|reason| self.failed(item_path, "create group", reason))
    }

    fn dataset(
        &mut self,
        group: &h5::Group,
        name: &str,
        item_path: &str,
        dataset: &Dataset,
    ) -> Result<()> {
        if self.existing == ExistingItems::Resumed
            && self.update_dataset(group, name, item_path, dataset)?
        {
            return Ok(());
        }
        self.absent(group, name, item_path, "write")?;
        let created = match &dataset.content {
            Content::Value(value) if dataset.attributes.is_empty() => {
                group.create_bare_value(name, value)
            }
            Content::Value(value) => group.create_value(name, value),
            Content::External(external) => group.create_external(
                name,
                &h5::ExternalOptions {
                    element: &external.element,
                    shape: &external.shape,
                    files: &external.files,
                    fill: None,
                },
            ),
            Content::Virtual(content) => {
                let fixed: Vec<_> = content.shape.iter().copied().map(Some).collect();
                group.create_virtual(
                    name,
                    &h5::VirtualOptions {
                        element: &content.element,
                        shape: &content.shape,
                        max_shape: &fixed,
                        sources: &content.sources,
                        fill: None,
                    },
                )
            }
            Content::Stream(_) => return Ok(()),
        };
        let created = created.map_err(|reason| self.failed(item_path, "write", reason))?;
        for (name, value) in &dataset.attributes {
            self.attribute(item_path, name, created.set_attribute(name, value));
        }
        Ok(())
    }

    /// Sets and deletes attributes of the object at this path. Does nothing if there is no object,
    /// because a stream without data has no dataset, or if the path leads to another file.
    pub(super) fn change_attributes(
        &mut self,
        root: &h5::Group,
        path: &str,
        set: &[(&str, &Value)],
        delete: &[&str],
    ) {
        let object = match root.kind(path) {
            Ok(None | Some(ObjectKind::External)) => return,
            Ok(Some(_)) => root.open_object(path),
            Err(reason) => Err(reason),
        };
        let object = match object {
            Ok(object) => object,
            Err(reason) => return self.record(Err(self.failed(path, "open", reason))),
        };
        for name in delete {
            self.attribute(path, name, object.delete_attribute_if_any(name));
        }
        for (name, value) in set {
            self.attribute(path, name, object.set_attribute(name, value));
        }
    }

    /// Writes a value into the dataset at this path. Returns `false` if there is no such dataset, or if it cannot be
    /// written in place.
    pub(super) fn rewrite(&mut self, root: &h5::Group, path: &str, value: &Value) -> Result<bool> {
        // The end time of an entry is written last and never in place.
        if path.ends_with("/end_time") {
            return Ok(false);
        }
        let failed = |reason| self.failed(path, "write", reason);
        let is_dataset = root.has_link(path).map_err(failed)?
            && root.link(path).map_err(failed)? == Link::Hard
            && root.kind(path).map_err(failed)? == Some(ObjectKind::Dataset);
        if !is_dataset {
            return Ok(false);
        }
        let dataset = root.open_dataset(path).map_err(failed)?;
        let is_known = self.session.is_known(&dataset);
        is_known
            .and_then(|is_known| dataset.rewrite(value, is_known))
            .map_err(|reason| self.failed(path, "write", reason))
    }

    /// Removes the link at this path, if there is one. Its item may never have been written.
    pub(super) fn remove(&mut self, root: &h5::Group, path: &str) -> Result<()> {
        self.pending.forget(path);
        let removed = match root.has_link(path) {
            Ok(true) => root.unlink(path),
            Ok(false) => Ok(()),
            Err(reason) => Err(reason),
        };
        removed.map_err(|reason| self.failed(path, "remove", reason))
    }

    pub(super) fn record(&mut self, done: Result<()>) {
        self.written.errors.extend(done.err());
    }

    pub(super) fn attribute(&mut self, path: &str, name: &str, done: h5::Result<()>) {
        if let Err(reason) = done {
            let path = format!("{}@{name}", if path.is_empty() { "/" } else { path });
            self.record(Err(self.failed(&path, "write attribute", reason)));
        }
    }

    fn absent(
        &self,
        group: &h5::Group,
        name: &str,
        item_path: &str,
        action: &'static str,
    ) -> Result<()> {
        match group.has_link(name) {
            Ok(false) => Ok(()),
            Ok(true) => Err(self.exists(item_path, action)),
            Err(reason) => Err(self.failed(item_path, action, reason)),
        }
    }

    fn exists(&self, path: &str, action: &'static str) -> Error {
        Error::Exists {
            file: self.session.path().to_owned(),
            path: path.to_owned(),
            action,
        }
    }

    pub(super) fn failed(&self, path: &str, action: &'static str, reason: h5::Error) -> Error {
        Error::item(self.session.path(), path, action, reason)
    }

    fn count_object(&mut self) {
        self.objects += 1;
        if self.objects.is_multiple_of(OBJECTS_PER_FLUSH) {
            self.flush();
        }
    }

    /// Flushes the file, unless it has a journal: then the next flush shows all or nothing. After an error it does
    /// nothing any more, because a full disk would cause the same error each time.
    fn flush(&mut self) {
        if self.session.has_journal() {
            self.session.mark_dirty();
            return;
        }
        if self.flush_failed {
            return;
        }
        self.report();
        self.session.mark_dirty();
        if let Err(error) = self.session.flush_if_dirty() {
            self.flush_failed = true;
            self.written.errors.push(error);
        }
        self.session.mark_dirty();
        self.stopwatch = self.session.observation().stopwatch();
    }
}

/// Returns `true` if the item at this path is a child of the root.
fn is_in_root(path: &str) -> bool {
    !path.trim_start_matches('/').contains('/')
}

/// Returns the names of the children of a group, also of those that come later, and the targets of its soft links.
fn texts_of_links(tree: &Group) -> Vec<&str> {
    let mut texts: Vec<_> = tree.later_names.iter().map(String::as_str).collect();
    for (name, item) in &tree.children {
        texts.push(name.as_str());
        if let Item::SoftLink { target } = item {
            texts.push(target);
        }
    }
    texts
}
