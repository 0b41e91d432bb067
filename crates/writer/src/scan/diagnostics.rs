//! Warnings and problems of a scan; problems make its outcome incomplete.

use std::fmt::Display;

use observation::Classified as _;
use tracing::warn;

use super::figures::ScanFigures;
use super::problem::ScanProblem;
use crate::report::{Warnings, one_line};
use crate::source::ScanId;
use crate::subscriber::Fault;

/// Largest number of problems to keep. A stream with a million holes must not fill the memory.
const MAX_PROBLEMS: usize = 1000;

/// The warnings of one scan in order, and those among them for which it is not complete.
pub struct Diagnostics {
    scan: ScanId,
    warnings: Warnings,
    figures: ScanFigures,
    /// The warnings that say that data are missing, as faults of the subscriber.
    problems: Vec<Fault>,
}

impl Diagnostics {
    pub fn new(scan: ScanId, warnings: Warnings, figures: ScanFigures) -> Diagnostics {
        Diagnostics {
            scan,
            warnings,
            figures,
            problems: Vec::new(),
        }
    }

    /// Returns the scan.
    pub fn scan(&self) -> &ScanId {
        &self.scan
    }

    /// Returns the figures to which the scan reports.
    pub fn figures(&self) -> &ScanFigures {
        &self.figures
    }

    /// Records and logs a warning: users should know it, but nothing is missing in the files.
    pub fn warning(&mut self, text: impl Display) {
        let text = text.to_string();
        // The first and the last trees of a layout repeat the same mistakes.
        if self.warnings.add(&text) {
            warn!(scan = %self.scan, "{}", one_line(&text));
            self.figures.warned();
        }
    }

    /// Records and logs a problem: something is missing in the files.
    pub fn problem(&mut self, problem: impl Into<ScanProblem>) {
        let problem = Fault::from(problem.into());
        self.warning(&problem);
        if self.problems.len() < MAX_PROBLEMS && !self.problems.contains(&problem) {
            self.figures.failed(problem.kind());
            self.problems.push(problem);
        }
    }

    /// Returns the problems in order.
    pub fn problems(&self) -> impl ExactSizeIterator<Item = &Fault> {
        self.problems.iter()
    }

    /// Returns the first reason for which the scan is not complete, or `None` if it is.
    pub fn first_problem(&self) -> Option<&Fault> {
        self.problems.first()
    }

    /// Returns all warnings. Must be the last call, because it adds how many were left out.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.end();
        self.warnings.list()
    }
}
