//! What `doctor` prints.

use std::process::Command;

use serde::Deserialize;

/// What a run has found.
#[derive(Debug)]
pub struct Findings {
    pub status: Option<i32>,
    pub list: Vec<Finding>,
    /// Everything that was printed.
    pub text: String,
}

/// One line of JSON.
#[derive(Debug, Deserialize)]
pub struct Finding {
    pub check: String,
    pub level: String,
    pub found: String,
    pub advice: String,
}

impl Findings {
    /// Runs the command, and has it print JSON.
    pub fn of(command: &mut Command) -> Findings {
        let (status, text, errors) = testing::run(command.arg("--json"));
        let parsed = text.lines().map(serde_json::from_str);
        let list = parsed.collect::<Result<_, _>>();
        Findings {
            status,
            list: list.unwrap_or_else(|_| panic!("{text}{errors}")),
            text: text + &errors,
        }
    }

    /// Returns the finding of a check.
    #[track_caller]
    pub fn get(&self, check: &str) -> &Finding {
        let found = self.list.iter().find(|finding| finding.check == check);
        found.unwrap_or_else(|| panic!("no {check}: {}", self.text))
    }

    /// Verifies that exactly these checks have a finding to worry about, and that each says what to do. The status is 1 if one
    /// is a problem.
    #[track_caller]
    pub fn assert_only(&self, expected: &[(&str, &str)]) {
        let worrying = self.list.iter().filter(|finding| finding.is_worrying());
        let found: Vec<_> = worrying
            .clone()
            .map(|finding| (finding.check.as_str(), finding.level.as_str()))
            .collect();
        assert_eq!(found, expected, "{}", self.text);
        for finding in worrying {
            assert!(finding.advice.ends_with('.'), "{finding:?}");
        }
        let has_problem = expected.iter().any(|(_, level)| *level == "problem");
        assert_eq!(self.status, Some(i32::from(has_problem)), "{}", self.text);
    }

    /// Verifies that a check was left out.
    #[track_caller]
    pub fn assert_skipped(&self, checks: &[&str]) {
        for check in checks {
            assert_eq!(self.get(check).level, "skipped", "{}", self.text);
        }
    }
}

impl Finding {
    fn is_worrying(&self) -> bool {
        self.level == "problem" || self.level == "warning"
    }
}
