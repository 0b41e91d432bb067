//! Prints findings, and counts them.

use std::io;

use super::finding::{Finding, Level};
use crate::results;

/// What was found so far.
pub struct Report {
    is_json: bool,
    problems: usize,
    warnings: usize,
}

impl Report {
    /// Creates a report that is printed for programs, or for people.
    pub fn new(is_json: bool) -> Report {
        Report {
            is_json,
            problems: 0,
            warnings: 0,
        }
    }

    /// Prints a finding.
    ///
    /// # Errors
    /// If it cannot be printed.
    pub fn add(&mut self, finding: Finding) -> io::Result<()> {
        match finding.level {
            Level::Problem => self.problems += 1,
            Level::Warning => self.warnings += 1,
            Level::Ok | Level::Skipped => {}
        }
        results::print(&match self.is_json {
            true => format!("{}\n", finding.to_json()),
            false => finding.to_text(),
        })
    }

    /// Prints how many problems and warnings there were, for people.
    ///
    /// # Errors
    /// If it cannot be printed.
    pub fn end(&self) -> io::Result<()> {
        if self.is_json {
            return Ok(());
        }
        let (problems, warnings) = (self.problems, self.warnings);
        results::print(&match (problems, warnings) {
            (0, 0) => "No problem was found.\n".to_owned(),
            _ => format!(
                "{} and {} were found.\n",
                counted(problems, "problem"),
                counted(warnings, "warning")
            ),
        })
    }

    /// Returns `true` if one of the findings was a problem.
    pub fn has_problems(&self) -> bool {
        self.problems > 0
    }
}

fn counted(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}
