//! Where metrics and health can be asked for.

use std::path::PathBuf;

use clap::Args as Group;
use web::{Access, AccessError, Listen, LiveOptions};

use super::Live;

/// Where metrics and health can be asked for, and by whom.
#[derive(Group, Clone)]
#[command(next_help_heading = "Options of metrics and health")]
pub struct Http {
    /// Address and port at which metrics and health can be asked for by HTTP, or `off` [default of `run` and `session`:
    /// 127.0.0.1:9610, or any free port if that is taken; of other commands: off]
    #[arg(long, env = "NEXUS_WRITER_HTTP_LISTEN", value_name = "ADDRESS:PORT")]
    http_listen: Option<Listen>,
    /// File with the token that requests must have; needed for addresses that other computers can reach
    #[arg(long, env = "NEXUS_WRITER_HTTP_TOKEN_FILE", value_name = "FILE")]
    http_token_file: Option<PathBuf>,
    /// Further name by which requests may call this host; may be repeated
    #[arg(
        long,
        env = "NEXUS_WRITER_HTTP_HOSTS",
        value_delimiter = ',',
        value_name = "NAME"
    )]
    http_host: Vec<String>,
    #[command(flatten)]
    live: Live,
}

impl Http {
    /// Returns where to listen: `usual` if nothing was said.
    pub fn listen(&self, usual: Listen) -> Listen {
        self.http_listen.unwrap_or(usual)
    }

    /// Returns what viewers of running scans may cost.
    pub fn live(&self) -> LiveOptions {
        self.live.options()
    }

    /// Returns who may ask.
    ///
    /// # Errors
    /// If the token cannot be read, or is no secret.
    pub fn access(&self) -> Result<Access, AccessError> {
        Access::new(self.http_token_file.as_deref(), self.http_host.clone())
    }
}
