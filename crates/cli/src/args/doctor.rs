//! What can be typed to check an installation.

use std::path::PathBuf;

use clap::Args as Group;

use super::{Http, RedisOption, Saving, Service};

/// What is checked: an installation with the options of `session`.
#[derive(Group, Clone)]
pub struct DoctorArgs {
    /// Name of the BLISS session; without it, nothing is checked that concerns a session
    #[arg(id = "session_name", value_name = "SESSION")]
    pub session: Option<String>,
    /// Directory for files; otherwise the one that SCAN_SAVING of the session names, otherwise the current one
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Longest time for which a check waits for an answer
    #[arg(
        long,
        default_value_t = 5,
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    pub time_limit: u16,
    /// Print one line of JSON per finding
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub redis: RedisOption,
    #[command(flatten)]
    pub service: Service,
    #[command(flatten)]
    pub saving: Saving,
    #[command(flatten)]
    pub http: Http,
}
