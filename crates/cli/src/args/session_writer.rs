//! What can be typed after `NexusSessionWriter`.

use clap::Parser;

use super::{ConfigurationArgs, Console, Http, Logging, RedisOption, Saving, Service};

/// Saves the scans of one BLISS session as NeXus HDF5 files.
///
/// Redis is that of REDIS_DATA_URL; otherwise Beacon is asked (BEACON_HOST). SIGINT and SIGTERM end
/// the writer, as do SIGQUIT and SIGHUP: what Redis has of running scans is saved. A second one leaves at
/// once.
#[derive(Parser)]
#[command(
    name = "NexusSessionWriter",
    version,
    max_term_width = 100,
    // Python's argparse takes options that are cut off.
    infer_long_args = true,
    mut_arg("recommended_disk_space", |arg| arg.default_value("1024"))
)]
pub struct SessionWriterArgs {
    /// Name of the session
    pub session_name: String,
    #[command(flatten)]
    pub redis: RedisOption,
    #[command(flatten)]
    pub service: Service,
    #[command(flatten)]
    pub saving: Saving,
    #[command(flatten)]
    pub http: Http,
    #[command(flatten)]
    pub configuration: ConfigurationArgs,
    #[command(flatten)]
    pub logging: Logging,
    #[command(flatten)]
    pub console: Console,
}
