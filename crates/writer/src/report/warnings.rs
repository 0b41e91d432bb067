//! The warnings of a scan that is being saved.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most warnings that are kept: a stream with a million gaps must not fill the memory.
const LIMIT: usize = 1000;

/// The warnings of a scan, in order, readable from any thread. Clones share the list.
#[derive(Debug, Clone, Default)]
pub struct Warnings {
    shared: Arc<Mutex<WarningList>>,
}

#[derive(Debug, Default)]
struct WarningList {
    texts: Vec<String>,
    left_out: usize,
}

impl Warnings {
    /// Returns the number of warnings so far.
    pub fn count(&self) -> usize {
        self.locked().texts.len()
    }

    /// Returns the warning with this index, if there is one already.
    pub fn get(&self, index: usize) -> Option<String> {
        self.locked().texts.get(index).cloned()
    }

    /// Returns all warnings so far.
    pub fn list(&self) -> Vec<String> {
        self.locked().texts.clone()
    }

    /// Adds a warning. Returns `false` if it is in the list already.
    pub(crate) fn add(&self, text: &str) -> bool {
        let mut list = self.locked();
        if list.texts.iter().any(|known| known == text) {
            return false;
        }
        if list.texts.len() < LIMIT {
            list.texts.push(text.to_owned());
        } else {
            list.left_out += 1;
        }
        true
    }

    /// Ends the list with the number of warnings that were not kept, if there are any.
    pub(crate) fn end(&self) {
        let mut list = self.locked();
        if list.left_out > 0 {
            let more = format!("and {} more", std::mem::take(&mut list.left_out));
            list.texts.push(more);
        }
    }

    /// A panic cannot poison the list: no code that runs under the lock could leave it
    /// inconsistent.
    fn locked(&self) -> MutexGuard<'_, WarningList> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_sees_them_as_they_come_and_each_once() {
        let warnings = Warnings::default();
        let reader = warnings.clone();
        assert!(warnings.add("low disk space"));
        assert_eq!((reader.count(), reader.get(1)), (1, None));
        assert!(!warnings.add("low disk space"));
        assert!(warnings.add("a hole"));
        assert_eq!(reader.get(1).as_deref(), Some("a hole"));
        warnings.end();
        assert_eq!(reader.list(), ["low disk space", "a hole"]);
    }

    #[test]
    fn too_many_are_counted_and_not_kept() {
        let warnings = Warnings::default();
        for index in 0..LIMIT + 7 {
            warnings.add(&index.to_string());
        }
        assert_eq!(warnings.count(), LIMIT);
        warnings.end();
        assert_eq!(warnings.get(LIMIT).as_deref(), Some("and 7 more"));
    }
}
