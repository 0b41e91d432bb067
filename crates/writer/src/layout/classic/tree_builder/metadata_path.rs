//! Paths of metadata: the path that they are meant for, or an alternative if that is taken.
//!
//! Metadata of users may have any name, even that of a dataset of acquired data or of an item of
//! the writer. Neither may be lost, so such metadata get another name, and keep it when they are
//! added again at the end of the scan.

use std::collections::HashSet;

use nexus::tree::{Content, Dataset, Item};

use super::{Node, TreeBuilder, join, parts};

/// What a path of metadata is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetadataPurpose {
    /// A group, existing or new.
    Group,
    /// A dataset of a value, existing or new.
    Value,
    /// A link. An existing one does not change.
    Link,
    /// An attribute of an item. If there is none, a group is created.
    Attribute,
    /// The position of a motor. It may have the path of a link to acquired data, because the link
    /// replaces the position.
    Position,
}

impl TreeBuilder {
    /// Returns the path for metadata that are meant for the relative path `key` in the group
    /// `base`. The groups above it can be created. Alternatives are never one of the paths in
    /// `avoided`, which other metadata need.
    pub fn metadata_path(
        &mut self,
        base: &str,
        key: &str,
        purpose: MetadataPurpose,
        avoided: &HashSet<String>,
    ) -> String {
        let clean = key.replace('\0', "");
        if clean.len() < key.len() {
            let path = join(base, &clean);
            self.notice(&path, "NUL characters were cut out of the name");
        }
        let mut names: Vec<&str> = parts(&clean).filter(|&name| name != ".").collect();
        let last = names.pop().unwrap_or_default();
        let mut path = base.to_owned();
        for name in names {
            path = self.find_path(join(&path, name), MetadataPurpose::Group, avoided);
        }
        let path = match path.as_str() {
            "" => last.to_owned(),
            path => format!("{path}/{last}"),
        };
        self.find_path(path, purpose, avoided)
    }

    /// Removes the item of metadata at `key` in the group `base`, if there is one. Acquired data
    /// and items of the writer stay.
    pub fn remove_metadata(&mut self, base: &str, key: &str) {
        let clean = key.replace('\0', "");
        let mut names = parts(&clean).filter(|&name| name != ".").peekable();
        let mut path = base.to_owned();
        while let Some(name) = names.next() {
            path = join(&path, name);
            let is_there = match names.peek() {
                Some(_) => self.is_group(&path),
                None => self.has(&path) && !self.is_protected(&path),
            };
            if let (false, Some(alternative)) = (is_there, self.alternatives.get(&path)) {
                path.clone_from(alternative);
            }
        }
        if path != base && !self.is_protected(&path) {
            self.remove(&path);
        }
    }

    fn find_path(
        &mut self,
        path: String,
        purpose: MetadataPurpose,
        avoided: &HashSet<String>,
    ) -> String {
        if let (MetadataPurpose::Value | MetadataPurpose::Attribute, Some(target)) =
            (purpose, self.followed(&path))
            && !self.is_reserved(&path)
            && self.is_possible(&target, purpose)
        {
            return target;
        }
        if !self.alternatives_in_use.contains(&path) && self.is_possible(&path, purpose) {
            return path;
        }
        let mut here = path.clone();
        while let Some(alternative) = self.alternatives.get(&here) {
            if self.is_possible(alternative, purpose) {
                return alternative.clone();
            }
            here.clone_from(alternative);
        }
        let alternative = self.free_name(&here, avoided);
        let name = alternative
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        self.notice(
            &path,
            format_args!("metadata cannot have this place, they are stored as {name:?}"),
        );
        self.alternatives_in_use.insert(alternative.clone());
        self.alternatives.insert(here, alternative.clone());
        alternative
    }

    /// Returns the target of a soft link, if the tree has it.
    fn followed(&self, path: &str) -> Option<String> {
        let target = self.link_target(path)?;
        let absolute = match target.strip_prefix('/') {
            Some(target) => target.to_owned(),
            None => join(path.rsplit_once('/').map_or("", |(group, _)| group), target),
        };
        self.has(&absolute).then_some(absolute)
    }

    fn is_possible(&self, path: &str, purpose: MetadataPurpose) -> bool {
        let is_named = !path.is_empty() && !path.ends_with('/');
        let is_reserved = self.reserved.contains(path) && purpose != MetadataPurpose::Position;
        if !is_named || is_reserved {
            return false;
        }
        let is_group = self.writer_groups.contains_key(path) || self.above_reserved.contains(path);
        match self.node(path) {
            None if is_group => {
                matches!(purpose, MetadataPurpose::Group | MetadataPurpose::Attribute)
            }
            None => true,
            Some(Node::Branch(_)) => {
                matches!(purpose, MetadataPurpose::Group | MetadataPurpose::Attribute)
            }
            Some(Node::Leaf(Item::Dataset(Dataset { content, .. }))) => match purpose {
                MetadataPurpose::Group | MetadataPurpose::Link => false,
                MetadataPurpose::Value | MetadataPurpose::Attribute => {
                    matches!(content, Content::Value(_))
                }
                MetadataPurpose::Position => true,
            },
            Some(Node::Leaf(Item::Group(_))) => false,
            Some(Node::Leaf(Item::SoftLink { .. } | Item::ExternalLink { .. })) => {
                matches!(purpose, MetadataPurpose::Link | MetadataPurpose::Position)
            }
        }
    }

    fn is_protected(&self, path: &str) -> bool {
        self.reserved.contains(path)
            || self.above_reserved.contains(path)
            || self.writer_groups.contains_key(path)
    }

    fn free_name(&self, path: &str, avoided: &HashSet<String>) -> String {
        let first = format!("{path}_metadata");
        let mut name = first.clone();
        let mut count = 0;
        while self.has(&name)
            || self.is_protected(&name)
            || self.alternatives_in_use.contains(&name)
            || avoided.contains(&name)
        {
            count += 1;
            name = format!("{first}_{count}");
        }
        name
    }
}
