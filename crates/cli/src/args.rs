//! What can be typed.

mod logging;
mod saving;
mod session_writer;
#[cfg(feature = "tango")]
mod tango;

use std::path::PathBuf;

use clap::{Args as Group, Parser, Subcommand};
use writer::options::DataWriter;

use crate::simulation::{ImageSize, ScanKind};
use logging::LOG_OPTIONS;
pub use logging::{Console, LogFormat, Logging};
pub use saving::{MEBIBYTE, MEGABYTE, Saving, Service};
pub use session_writer::SessionWriterArgs;
#[cfg(feature = "tango")]
pub use tango::{RegisterArgs, ServiceArgs, TangoCommand};

/// Saves BLISS scans from Redis as NeXus HDF5 files.
#[derive(Parser)]
#[command(
    name = "nexus-writer",
    version,
    propagate_version = true,
    max_term_width = 100
)]
pub struct Args {
    #[command(flatten)]
    pub logging: Logging,
    /// Form of the messages
    #[arg(
        long,
        global = true,
        default_value = "text",
        value_enum,
        help_heading = LOG_OPTIONS
    )]
    pub log_format: LogFormat,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Save every scan that appears and that publishes its layout
    Run {
        /// Redis of the scans: redis://, rediss:// or unix://
        #[arg(env = "REDIS_DATA_URL", hide_env_values = true)]
        url: String,
        /// Take scans that ask for this writer, and those that ask for none but publish their
        /// layout; `any` takes all
        #[arg(
            long,
            alias = "data_writer",
            default_value = "mapping",
            value_name = "NAME"
        )]
        data_writer: DataWriter,
        #[command(flatten)]
        saving: Saving,
    },
    /// Save the scans of one BLISS session
    #[command(mut_arg("recommended_disk_space", |arg| arg.default_value("1024")))]
    Session {
        /// Name of the session
        name: String,
        /// Redis of the scans; otherwise REDIS_DATA_URL, otherwise Beacon is asked (BEACON_HOST)
        #[arg(long, value_name = "URL")]
        redis: Option<String>,
        #[command(flatten)]
        service: Service,
        #[command(flatten)]
        saving: Saving,
    },
    /// Save scans that Redis still holds, and end
    Save {
        /// Redis of the scans: redis://, rediss:// or unix://
        url: String,
        /// Keys of the scans (esrf:scan:...)
        #[arg(required = true, value_name = "KEY")]
        keys: Vec<String>,
        /// Print one line of JSON per scan
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        saving: Saving,
    },
    /// Publish simulated scans
    Simulate {
        /// Redis to publish in
        url: String,
        #[command(flatten)]
        scans: Simulation,
    },
    /// Print the structure of a file
    Tree {
        /// An HDF5 file
        file: PathBuf,
        /// Part of the file to print
        #[arg(default_value = "/")]
        path: String,
    },
    /// Verify files: readable, whole, and what was published
    Check {
        /// HDF5 files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Compare every value with this Redis, as far as it still has the scans
        #[arg(long, value_name = "URL")]
        redis: Option<String>,
        /// Print one line of JSON per file
        #[arg(long)]
        json: bool,
    },
    /// See it all happen: a private Redis, a writer, and simulated scans
    Demo {
        /// Directory for the file; a new one below the current directory by default
        #[arg(long)]
        directory: Option<PathBuf>,
    },
    /// Run or register Tango devices of class BlissWriter
    #[cfg(feature = "tango")]
    #[command(subcommand)]
    Tango(TangoCommand),
    /// Run or register Tango devices (not in this build)
    #[cfg(not(feature = "tango"))]
    Tango {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
        arguments: Vec<std::ffi::OsString>,
    },
}

impl Command {
    /// The level of the log if none is given.
    pub fn usual_log(&self) -> &'static str {
        match self {
            // It shows by itself what happens.
            Command::Demo { .. } => "warning",
            #[cfg(feature = "tango")]
            Command::Tango(command) => command.log_level().name(),
            _ => "info",
        }
    }
}

/// Which scans to simulate.
#[derive(Group, Clone)]
#[command(next_help_heading = "Simulation options")]
pub struct Simulation {
    /// Kind of scan
    #[arg(long, value_enum, default_value = "1d")]
    pub kind: ScanKind,
    /// Scans, one after the other
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub scans: u64,
    /// Points per scan
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub points: u64,
    /// Scalar counters beside the positioners and detectors of the kind
    #[arg(long, default_value_t = 4, value_name = "N")]
    pub channels: usize,
    /// MCAs or cameras, for the kinds that have them
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub detectors: usize,
    /// Channels of a spectrum
    #[arg(long, default_value_t = 1024, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=65536))]
    pub mca_size: u64,
    /// Pixels of an image
    #[arg(long, default_value = "120x160", value_name = "HEIGHTxWIDTH")]
    pub image_size: ImageSize,
    /// Points per second; 0 for as fast as possible
    #[arg(long, default_value_t = 20.0, value_name = "HZ", value_parser = rate)]
    pub rate: f64,
    /// Points per message
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub batch: u64,
    /// File that the scans ask to be saved in
    #[arg(long, default_value = "simulated.h5")]
    pub file: PathBuf,
    /// Session that the scans belong to
    #[arg(long, default_value = "demo", value_name = "NAME")]
    pub session: String,
    /// Number of the first scan; by default one more than the last scan of the file
    #[arg(long, value_name = "N")]
    pub first: Option<u64>,
    /// Seed of the noise: the same gives the same data
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub seed: u64,
}

/// A number of points per second.
fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.0..=1e9).contains(&rate) => Ok(rate),
        _ => Err("not a number from 0 to 1e9".to_owned()),
    }
}
