//! Exit codes: 0 success, 1 something failed, 2 wrong usage or no connection.

use std::error::Error;
use std::process::ExitCode;

use crate::terminal;

/// Everything was done.
pub const SUCCESS: ExitCode = ExitCode::SUCCESS;
/// Something failed; the rest was done.
pub const FAILED: u8 = 1;
/// Nothing was done.
pub const USAGE: u8 = 2;

/// An error that ends the command.
pub struct Failure {
    code: u8,
    error: Box<dyn Error>,
}

impl Failure {
    /// Creates the failure of a command that could not start: wrong arguments, or Redis cannot be reached.
    pub fn usage(error: impl Into<Box<dyn Error>>) -> Failure {
        Failure {
            code: USAGE,
            error: error.into(),
        }
    }

    /// Prints the error with its causes to standard error. Returns the exit code.
    pub fn report(&self, program: &str) -> ExitCode {
        let problem = writer::subscriber::with_causes(self.error.as_ref());
        terminal::print_line(&format!("{program}: {problem}"));
        ExitCode::from(self.code)
    }
}

impl<E: Into<Box<dyn Error>>> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure {
            code: FAILED,
            error: error.into(),
        }
    }
}
