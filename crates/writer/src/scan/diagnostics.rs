//! Warnings and problems of a scan; problems make its outcome incomplete.

use std::fmt::Display;
use std::sync::Arc;

use hub::Event;
use observation::{Classified as _, SessionFigures};
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
    /// Sent when nothing more can be saved before a temporary problem is gone.
    stopped: Event,
}

impl Diagnostics {
    pub fn new(scan: ScanId, warnings: Warnings, figures: ScanFigures) -> Diagnostics {
        Diagnostics {
            scan,
            warnings,
            figures,
            problems: Vec::new(),
            stopped: Event::new(),
        }
    }

    /// Sets the event that is sent when nothing more can be saved before a temporary problem is gone.
    pub fn report_stop_to(&mut self, stopped: Event) {
        self.stopped = stopped;
    }

    /// Returns the diagnostics of the next attempt to save the scan: the problems of the last one are gone, its
    /// warnings stay.
    pub fn next_attempt(&self) -> Diagnostics {
        Diagnostics::new(
            self.scan.clone(),
            self.warnings.clone(),
            self.figures.clone(),
        )
    }

    /// Returns the first problem that may be gone when the scan is tried again.
    pub fn temporary_problem(&self) -> Option<&Fault> {
        self.problems.iter().find(|problem| problem.is_temporary())
    }

    /// Returns the figures of the session of the scan.
    pub fn session(&self) -> &Arc<SessionFigures> {
        self.figures.session()
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
        let problem = problem.into();
        if problem.stops_saving() {
            self.stopped.send();
        }
        let problem = Fault::from(problem);
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
