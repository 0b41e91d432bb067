//! Where metadata go: to the path that they are meant for, or aside if something else has it.
//!
//! Metadata of users may have any name, also that of a dataset of acquired data or of an item that
//! the writer itself makes. Nothing of both may be lost, so such metadata get another name, and
//! keep it when they are written again at the end of the scan.

use std::collections::HashSet;

use nexus::tree::{Content, Dataset, Item};

use super::{Node, TreeBuilder, join, parts};

/// What metadata want at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// A group, one that exists or a new one.
    Group,
    /// A dataset of a value, one that exists or a new one.
    Value,
    /// A link; one that exists stays as it is.
    Link,
    /// An attribute of something; if there is nothing, a group is made for it.
    Attribute,
    /// The position of a motor. Its place is free although acquired data have a link there: it is
    /// the link that takes the place of the position.
    Position,
}

impl TreeBuilder {
    /// The path for metadata that are meant for `key`, a relative path, in the group `base`. The
    /// groups above it can be made. `avoided` are paths that other metadata need, whose names are not
    /// given to those that go aside.
    pub fn room(&mut self, base: &str, key: &str, want: Want, avoided: &HashSet<String>) -> String {
        let clean = key.replace('\0', "");
        if clean.len() < key.len() {
            let path = join(base, &clean);
            self.notice(&path, "NUL characters were cut out of the name");
        }
        let mut names: Vec<&str> = parts(&clean).filter(|&name| name != ".").collect();
        let last = names.pop().unwrap_or_default();
        let mut path = base.to_owned();
        for name in names {
            path = self.place(join(&path, name), Want::Group, avoided);
        }
        let path = match path.as_str() {
            "" => last.to_owned(),
            path => format!("{path}/{last}"),
        };
        self.place(path, want, avoided)
    }

    /// Deletes what metadata have at `key` in the group `base`, if anything; acquired data and items
    /// of the writer stay.
    pub fn forget(&mut self, base: &str, key: &str) {
        let clean = key.replace('\0', "");
        let mut names = parts(&clean).filter(|&name| name != ".").peekable();
        let mut path = base.to_owned();
        while let Some(name) = names.next() {
            path = join(&path, name);
            let is_there = match names.peek() {
                Some(_) => self.is_group(&path),
                None => self.has(&path) && !self.is_kept(&path),
            };
            if let (false, Some(aside)) = (is_there, self.aside.get(&path)) {
                path.clone_from(aside);
            }
        }
        if path != base && !self.is_kept(&path) {
            self.remove(&path);
        }
    }

    fn place(&mut self, path: String, want: Want, avoided: &HashSet<String>) -> String {
        if let (Want::Value | Want::Attribute, Some(target)) = (want, self.followed(&path))
            && !self.is_reserved(&path)
            && self.suits(&target, want)
        {
            return target;
        }
        if !self.set_aside.contains(&path) && self.suits(&path, want) {
            return path;
        }
        let mut here = path.clone();
        while let Some(aside) = self.aside.get(&here) {
            if self.suits(aside, want) {
                return aside.clone();
            }
            here.clone_from(aside);
        }
        let aside = self.free_name(&here, avoided);
        let name = aside.rsplit('/').next().unwrap_or_default().to_owned();
        self.notice(
            &path,
            format_args!("metadata cannot have this place, they are stored as {name:?}"),
        );
        self.set_aside.insert(aside.clone());
        self.aside.insert(here, aside.clone());
        aside
    }

    /// What a soft link leads to, if it is drawn.
    fn followed(&self, path: &str) -> Option<String> {
        let target = self.link_target(path)?;
        let absolute = match target.strip_prefix('/') {
            Some(target) => target.to_owned(),
            None => join(path.rsplit_once('/').map_or("", |(group, _)| group), target),
        };
        self.has(&absolute).then_some(absolute)
    }

    fn suits(&self, path: &str, want: Want) -> bool {
        let is_named = !path.is_empty() && !path.ends_with('/');
        let is_reserved = self.reserved.contains(path) && want != Want::Position;
        if !is_named || is_reserved {
            return false;
        }
        let is_group = self.owned.contains_key(path) || self.above_reserved.contains(path);
        match self.node(path) {
            None if is_group => matches!(want, Want::Group | Want::Attribute),
            None => true,
            Some(Node::Branch(_)) => matches!(want, Want::Group | Want::Attribute),
            Some(Node::Leaf(Item::Dataset(Dataset { content, .. }))) => match want {
                Want::Group | Want::Link => false,
                Want::Value | Want::Attribute => matches!(content, Content::Value(_)),
                Want::Position => true,
            },
            Some(Node::Leaf(Item::Group(_))) => false,
            Some(Node::Leaf(Item::SoftLink { .. } | Item::ExternalLink { .. })) => {
                matches!(want, Want::Link | Want::Position)
            }
        }
    }

    fn is_kept(&self, path: &str) -> bool {
        self.reserved.contains(path)
            || self.above_reserved.contains(path)
            || self.owned.contains_key(path)
    }

    fn free_name(&self, path: &str, avoided: &HashSet<String>) -> String {
        let first = format!("{path}_metadata");
        let mut name = first.clone();
        let mut count = 0;
        while self.has(&name)
            || self.is_kept(&name)
            || self.set_aside.contains(&name)
            || avoided.contains(&name)
        {
            count += 1;
            name = format!("{first}_{count}");
        }
        name
    }
}
