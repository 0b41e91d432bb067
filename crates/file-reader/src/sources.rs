//! Whether all elements of a dataset are in files that may be opened. The library opens any file.

use std::collections::HashSet;
use std::rc::Rc;

use nexus::h5::{Dataset, DatasetStorage, ObjectKind, VirtualPart};

use crate::failure::Failure;
use crate::open_file::OpenFile;
use crate::place::{Place, Walker};
use crate::reachable::{Access, candidates};

/// The most virtual datasets one behind the other. Reading a circle would overflow the stack of the library.
const MAX_DEPTH: u32 = 8;

/// The most parts of a virtual dataset that are looked at.
const MAX_PARTS: usize = 20_000;

/// Checks that nothing but files that may be opened is opened when a dataset of a file is read.
///
/// # Errors
/// If another file would be opened.
pub fn check(walker: &Walker, file: &Rc<OpenFile>, dataset: &Dataset) -> Result<(), Failure> {
    SourceCheck {
        walker,
        seen: HashSet::new(),
    }
    .dataset(file, dataset, 0)
}

struct SourceCheck<'w, 'o, 'r> {
    walker: &'w Walker<'o, 'r>,
    /// Paths of files and datasets.
    seen: HashSet<(std::path::PathBuf, String, String)>,
}

impl SourceCheck<'_, '_, '_> {
    fn dataset(
        &mut self,
        file: &Rc<OpenFile>,
        dataset: &Dataset,
        depth: u32,
    ) -> Result<(), Failure> {
        match dataset.storage()? {
            DatasetStorage::Virtual(parts) if parts.len() > MAX_PARTS => Err(Failure::Refused(
                format!("the virtual dataset has {} parts", parts.len()),
            )),
            DatasetStorage::Virtual(parts) => parts
                .iter()
                .try_for_each(|part| self.part(file, part, depth)),
            DatasetStorage::External(files) => files
                .iter()
                .try_for_each(|(name, _, _)| self.raw_file(file, name)),
            _ => Ok(()),
        }
    }

    fn part(&mut self, file: &Rc<OpenFile>, part: &VirtualPart, depth: u32) -> Result<(), Failure> {
        if (&part.file, &part.path) != (&part.first_source.0, &part.first_source.1) {
            return Err(refused("a series of files"));
        }
        let key = (file.path.clone(), part.file.clone(), part.path.clone());
        if !self.seen.insert(key) {
            return Ok(());
        }
        if depth >= MAX_DEPTH {
            return Err(Failure::Refused(
                "the virtual dataset is a part of itself".to_owned(),
            ));
        }
        let source = match part.file.as_str() {
            "." => file.clone(),
            name => match self
                .walker
                .opener
                .reachable
                .first(&candidates(&file.path, name))
            {
                // The library reads the fill value then.
                Access::Missing => return Ok(()),
                Access::Refused => return Err(refused(name)),
                Access::Allowed(path) => self.walker.opener.open_allowed(path)?,
            },
        };
        let walker = Walker {
            opener: self.walker.opener,
            links: file_request::LinkResolution::OnlyValid,
        };
        match walker.below(&source, source.root()?, &part.path)? {
            Place::Object(found) if found.kind()? == Some(ObjectKind::Dataset) => {
                self.dataset(&found.file.clone(), &found.dataset()?, depth + 1)
            }
            Place::Link(_, reason) | Place::Blocked(reason) => Err(Failure::Refused(reason)),
            _ => Ok(()),
        }
    }

    /// The library looks for raw files from the working directory only, if their names are relative.
    fn raw_file(&self, file: &OpenFile, name: &str) -> Result<(), Failure> {
        match self
            .walker
            .opener
            .reachable
            .first(&candidates(&file.path, name))
        {
            Access::Refused => Err(refused(name)),
            Access::Missing | Access::Allowed(_) => Ok(()),
        }
    }
}

fn refused(name: &str) -> Failure {
    Failure::Refused(format!(
        "the elements are in {name}, which is not shown here: it is no file of the scans of this file"
    ))
}
