//! Checks of all links of a file, and of the data that its datasets have in other files.

use std::collections::HashSet;
use std::path::Path;

use nexus::h5::{self, Dataset, DatasetStorage, Group, Link, ObjectKind};

use super::Finding;
use super::referenced_files::ReferencedFiles;
use super::text::join;

/// The placeholder for the number of a block in the source files of a virtual dataset.
const BLOCK_NUMBER: &str = "%b";

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
        match dataset.info()?.storage {
            DatasetStorage::Virtual(sources) => {
                for (file, source) in sources {
                    let missing = match file.as_str() {
                        "." => match root.resolves(&source)? {
                            true => None,
                            false => Some(format!("there is no {source}")),
                        },
                        file => {
                            let first = |name: &str| name.replace(BLOCK_NUMBER, "0");
                            self.targets.find(&first(file), &first(&source)).err()
                        }
                    };
                    reasons.extend(missing);
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

    fn problem(&mut self, path: &str, text: String) {
        self.findings.push(Finding::problem(path, text));
    }

    fn note(&mut self, path: &str, looked: h5::Result<()>) {
        if let Err(error) = looked {
            self.problem(path, format!("cannot be read: {error}"));
        }
    }
}
