//! Checks of all links of a file, and of the data that its datasets have in other files.

use std::collections::HashSet;
use std::path::Path;

use nexus::h5::{self, Dataset, DatasetStorage, Group, Link, ObjectKind, VirtualPart};

use super::Finding;
use super::referenced_files::{FoundItem, ReferencedFiles};
use super::text::join;

/// How the name of a type ends whose bytes are in the other order.
const BIG_ENDIAN: &str = " big-endian";

/// Checks all links of a file.
pub struct LinkChecker {
    targets: ReferencedFiles,
    /// The groups that were visited: hard links can make cycles.
    seen: HashSet<[u8; 16]>,
    findings: Vec<Finding>,
}

impl LinkChecker {
    /// Creates a checker for this file.
    pub fn new(file: &Path) -> LinkChecker {
        LinkChecker {
            targets: ReferencedFiles::of(file),
            seen: HashSet::new(),
            findings: Vec::new(),
        }
    }

    /// Returns the findings of all links.
    pub fn all(mut self, root: &Group) -> Vec<Finding> {
        let walked = self.group(root, root, "/");
        self.note("/", walked);
        self.findings
    }

    fn group(&mut self, root: &Group, group: &Group, path: &str) -> h5::Result<()> {
        if !self.seen.insert(group.token()?) {
            return Ok(());
        }
        for name in group.names()? {
            let below = join(path, &name);
            let looked = self.link(root, group, &name, &below);
            self.note(&below, looked);
        }
        Ok(())
    }

    fn link(&mut self, root: &Group, group: &Group, name: &str, path: &str) -> h5::Result<()> {
        match group.link(name)? {
            Link::Hard => match group.kind(name)? {
                Some(ObjectKind::Group) => self.group(root, &group.open_group(name)?, path)?,
                Some(ObjectKind::Dataset) => {
                    self.dataset(root, &group.open_dataset(name)?, path)?
                }
                _ => {}
            },
            Link::Soft { target } => {
                if !group.resolves(name)? {
                    self.problem(path, format!("leads nowhere: there is no {target}"));
                }
            }
            Link::External { file, target } => {
                if let Err(reason) = self.targets.find(&file, &target) {
                    self.problem(path, format!("leads nowhere: {reason}"));
                }
            }
            _ => self
                .findings
                .push(Finding::note(path, "a link of an unknown kind")),
        }
        Ok(())
    }

    fn dataset(&mut self, root: &Group, dataset: &Dataset, path: &str) -> h5::Result<()> {
        let mut reasons = HashSet::new();
        let info = dataset.info()?;
        match info.storage {
            DatasetStorage::Virtual(parts) => {
                for part in parts {
                    reasons.extend(self.part(root, path, &part, &info.type_name).err());
                }
            }
            DatasetStorage::External(files) => {
                for (file, offset, size) in files {
                    reasons.extend(self.targets.raw(&file, offset, size).err());
                }
            }
            _ => {}
        }
        for reason in reasons {
            self.problem(path, format!("lacks a part of its data: {reason}"));
        }
        Ok(())
    }

    /// Checks that the source of a part of a virtual dataset exists, is large enough, and has its type.
    fn part(
        &mut self,
        root: &Group,
        own_path: &str,
        part: &VirtualPart,
        type_name: &str,
    ) -> Result<(), String> {
        let (file, path) = part.first_source.clone();
        if self.targets.is_own(&file) && join("/", &path) == own_path {
            return Err("it is a part of itself".to_owned());
        }
        let found = match file.as_str() {
            "." => FoundItem::at(root, &path)
                .map_err(|error| format!("{path} cannot be read: {error}"))?
                .ok_or_else(|| format!("there is no {path}"))?,
            file => self.targets.find(file, &path)?,
        };
        let source = format!("{path} in {}", part.file);
        let (stored, shape) = match found {
            FoundItem::Dataset { type_name, shape } => (type_name, shape),
            FoundItem::Elsewhere => return Ok(()),
            FoundItem::Other => return Err(format!("{source} is no dataset")),
        };
        if let Some(needed) = &part.needed {
            let fits = match needed.len() == shape.len() {
                true => needed
                    .iter()
                    .zip(&shape)
                    .all(|(needed, present)| needed <= present),
                // A single frame need not have a dimension for its number.
                false => needed.iter().product::<u64>() <= shape.iter().product(),
            };
            if !fits {
                return Err(format!(
                    "{source} has the shape {shape:?}, {needed:?} is needed"
                ));
            }
        }
        // The library converts between byte orders without a loss.
        let number = |name: &str| name.trim_end_matches(BIG_ENDIAN).to_owned();
        if number(&stored) != number(type_name) {
            return Err(format!(
                "{source} has the type {stored}, {type_name} is declared"
            ));
        }
        Ok(())
    }

    fn problem(&mut self, path: &str, text: String) {
        self.findings.push(Finding::problem(path, text));
    }

    fn note(&mut self, path: &str, looked: h5::Result<()>) {
        if let Err(error) = looked {
            self.problem(path, format!("cannot be read: {error}"));
        }
    }
}
