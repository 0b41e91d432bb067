//! What went wrong with a scan, and what that means for its outcome.

use std::fmt::Display;

use blissdata::store::ScanKey;
use tracing::warn;

use crate::report::{Warnings, one_line};

/// Problems to keep; a stream of a million holes must not fill the memory.
const KEPT: usize = 1000;

/// The warnings of one scan, in order, and the first reason for which it is not complete.
pub struct Account {
    scan: ScanKey,
    warnings: Warnings,
    /// Those among the warnings that say that something is missing.
    problems: Vec<String>,
}

impl Account {
    pub fn new(scan: ScanKey, warnings: Warnings) -> Account {
        Account {
            scan,
            warnings,
            problems: Vec::new(),
        }
    }

    /// The scan.
    pub fn scan(&self) -> &ScanKey {
        &self.scan
    }

    /// Something that people should know. Nothing is missing in the files.
    pub fn warning(&mut self, text: impl Display) {
        let text = text.to_string();
        // Both versions of a layout have the same mistakes.
        if self.warnings.add(&text) {
            warn!(scan = %self.scan, "{}", one_line(&text));
        }
    }

    /// Something is missing in the files.
    pub fn problem(&mut self, text: impl Display) {
        let text = text.to_string();
        self.warning(&text);
        if self.problems.len() < KEPT && !self.problems.contains(&text) {
            self.problems.push(text);
        }
    }

    /// What is missing in the files, in order.
    pub fn problems(&self) -> impl Iterator<Item = &str> {
        self.problems.iter().map(String::as_str)
    }

    /// The reason for which the scan is not complete, if it is not.
    pub fn first_problem(&self) -> Option<&str> {
        self.problems.first().map(String::as_str)
    }

    /// All warnings.
    pub fn into_warnings(self) -> Vec<String> {
        self.warnings.end();
        self.warnings.list()
    }
}
