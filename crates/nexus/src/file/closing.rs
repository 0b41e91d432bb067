//! Files that are being closed by other threads.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::background::FileResult;
use crate::h5;

/// The files that are being closed, by their resolved absolute path. They cannot be opened before that is done.
#[derive(Debug, Clone, Default)]
pub(super) struct ClosingFiles {
    files: Rc<RefCell<BTreeMap<PathBuf, FileResult>>>,
}

impl ClosingFiles {
    /// Waits until a file is closed, and returns how that has ended.
    ///
    /// If nobody waits any more, the file is nevertheless known to be closed.
    pub async fn wait(&self, path: &Path, closed: FileResult) -> h5::Result<()> {
        self.files
            .borrow_mut()
            .insert(path.to_owned(), closed.clone());
        let ended = closed.get().await;
        self.forget_closed();
        ended.map_err(|error| error.failed().unwrap_or(h5::Error::CommitEnded))
    }

    /// Returns the result of closing a file, if it is not closed yet.
    pub fn find(&self, path: &Path) -> Option<FileResult> {
        self.forget_closed();
        self.files.borrow().get(path).cloned()
    }

    fn forget_closed(&self) {
        self.files.borrow_mut().retain(|_, closed| !closed.ready());
    }
}
