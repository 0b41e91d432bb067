//! The executable of all commands, which acts by the name that it is started with.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
