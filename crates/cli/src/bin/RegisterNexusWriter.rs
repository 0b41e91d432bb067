//! The `RegisterNexusWriter` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::register_writer()
}
