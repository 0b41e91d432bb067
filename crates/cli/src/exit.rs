//! Exit codes: 0 all well, 1 something failed, 2 wrong usage or no connection.

use std::error::Error;
use std::process::ExitCode;

/// All that was asked for is done.
pub const SUCCESS: ExitCode = ExitCode::SUCCESS;
/// Something could not be done, the rest is.
pub const FAILED: u8 = 1;
/// Nothing could be begun.
pub const USAGE: u8 = 2;

/// An error that ends the command.
pub struct Failure {
    code: u8,
    error: Box<dyn Error>,
}

impl Failure {
    /// Nothing could be begun: wrong arguments, or Redis cannot be reached.
    pub fn usage(error: impl Into<Box<dyn Error>>) -> Failure {
        Failure {
            code: USAGE,
            error: error.into(),
        }
    }

    /// Tells the error with its causes on standard error.
    pub fn report(&self, program: &str) -> ExitCode {
        eprintln!(
            "{program}: {}",
            writer::subscriber::with_causes(self.error.as_ref())
        );
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
