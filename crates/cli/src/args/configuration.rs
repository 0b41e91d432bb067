//! Where the configuration is, and what it says.

use std::path::PathBuf;

use clap::Args as Group;

/// Where the configuration is, and what it says.
#[derive(Group)]
#[command(next_help_heading = "Configuration options")]
pub struct ConfigurationArgs {
    /// File with settings, see docs/configuration.md
    #[arg(long, env = "NEXUS_WRITER_CONFIG", global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print every setting with its value and its source, and end
    #[arg(long, global = true)]
    pub print_config: bool,
}
