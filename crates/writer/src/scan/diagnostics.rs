//! What went wrong with a scan, and what that means for its outcome.

use std::fmt::Display;

use observation::Classified as _;
use tracing::warn;

use super::figures::ScanFigures;
use super::problem::ScanProblem;
use crate::report::{Warnings, one_line};
use crate::source::ScanId;
use crate::subscriber::Fault;

/// Problems to keep; a stream of a million holes must not fill the memory.
const KEPT: usize = 1000;

/// The warnings of one scan, in order, and the first reason for which it is not complete.
pub struct Diagnostics {
    scan: ScanId,
    warnings: Warnings,
    figures: ScanFigures,
    /// Those among the warnings that say that something is missing, as the faults that they would be.
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

    /// The scan.
    pub fn scan(&self) -> &ScanId {
        &self.scan
    }

    /// Where the scan reports what it does.
    pub fn figures(&self) -> &ScanFigures {
        &self.figures
    }

    /// Something that people should know. Nothing is missing in the files.
    pub fn warning(&mut self, text: impl Display) {
        let text = text.to_string();
        // Both versions of a layout have the same mistakes.
        if self.warnings.add(&text) {
            warn!(scan = %self.scan, "{}", one_line(&text));
            self.figures.warned();
        }
    }

    /// Something is missing in the files.
    pub fn problem(&mut self, problem: impl Into<ScanProblem>) {
        let problem = Fault::from(problem.into());
        self.warning(&problem);
        if self.problems.len() < KEPT && !self.problems.contains(&problem) {
            self.figures.failed(problem.kind());
            self.problems.push(problem);
        }
    }

    /// What is missing in the files, in order.
    pub fn problems(&self) -> impl ExactSizeIterator<Item = &Fault> {
        self.problems.iter()
    }

    /// The reason for which the scan is not complete, if it is not.
    pub fn first_problem(&self) -> Option<&Fault> {
        self.problems.first()
    }

    /// All warnings.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.end();
        self.warnings.list()
    }
}
