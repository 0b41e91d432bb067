//! What a check has found.

use serde_json::{Value as Json, json};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// It is as it should be.
    Ok,
    /// Scans can be saved, but something may go wrong later.
    Warning,
    /// Scans cannot be saved, or not all of them.
    Problem,
    /// It was not checked.
    Skipped,
}

impl Level {
    /// Returns the word for people and programs.
    pub fn name(self) -> &'static str {
        match self {
            Level::Ok => "OK",
            Level::Warning => "warning",
            Level::Problem => "problem",
            Level::Skipped => "skipped",
        }
    }
}

/// What a check has found, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was checked.
    pub check: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What was found.
    pub found: String,
    /// What to do, in sentences. Empty if there is nothing to do.
    pub advice: String,
}

impl Finding {
    /// Creates the finding that something is as it should be.
    pub fn ok(check: &'static str, found: impl Into<String>) -> Finding {
        Finding::new(check, Level::Ok, found, "")
    }

    /// Creates the finding that something may go wrong later.
    pub fn warning(
        check: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Finding {
        Finding::new(check, Level::Warning, found, advice)
    }

    /// Creates the finding that scans cannot be saved, or not all of them.
    pub fn problem(
        check: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Finding {
        Finding::new(check, Level::Problem, found, advice)
    }

    /// Creates the finding that something was not checked, with the reason.
    pub fn skipped(check: &'static str, reason: impl Into<String>) -> Finding {
        Finding::new(check, Level::Skipped, reason, "")
    }

    fn new(
        check: &'static str,
        level: Level,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Finding {
        Finding {
            check,
            level,
            found: found.into(),
            advice: advice.into(),
        }
    }

    /// Returns the finding for programs.
    pub fn to_json(&self) -> Json {
        json!({
            "check": self.check,
            "level": self.level.name(),
            "found": self.found,
            "advice": self.advice,
        })
    }

    /// Returns the finding for people: a line, and below it what to do.
    pub fn to_text(&self) -> String {
        let Finding { check, found, .. } = self;
        // Errors of several problems have a line for each.
        let found = found.replace('\n', "\n         ");
        let mut text = format!("{:<8} {check}: {found}\n", self.level.name());
        if !self.advice.is_empty() {
            text += &format!("         -> {}\n", self.advice);
        }
        text
    }
}
