//! What can be typed.

mod configuration;
mod device;
mod doctor;
mod files;
mod http;
mod live;
mod logging;
mod memory;
mod model;
mod redis;
mod saving;
mod session_writer;
#[cfg(feature = "simulation")]
mod simulation;
mod spool;
#[cfg_attr(
    not(feature = "tango"),
    allow(dead_code, reason = "settings are known in every build")
)]
mod tango;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use writer::options::DataWriterFilter;

pub use configuration::ConfigurationArgs;
pub use device::DeviceArgs;
pub use doctor::DoctorArgs;
pub use files::Files;
pub use http::Http;
pub use live::Live;
use logging::LOG_OPTIONS;
pub use logging::{Console, LogFormat, Logging};
pub use memory::Memory;
pub use model::Model;
pub use redis::{RedisOption, RedisOrigin, RedisPlace};
pub use saving::{MEBIBYTE, MEGABYTE, Saving, ScanSaving, Service};
pub use session_writer::SessionWriterArgs;
#[cfg(feature = "simulation")]
pub use simulation::{SimulatedModel, SimulationArgs};
pub use spool::Spool;
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
    pub configuration: ConfigurationArgs,
    #[command(flatten)]
    pub logging: Logging,
    /// Form of the messages
    #[arg(
        long,
        env = "NEXUS_WRITER_LOG_FORMAT",
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
        /// Redis of the scans: redis://, rediss:// or unix://; otherwise REDIS_DATA_URL, otherwise Beacon is asked
        /// (BEACON_HOST)
        #[arg(env = "NEXUS_WRITER_REDIS_URL")]
        url: Option<String>,
        #[command(flatten)]
        redis: RedisPlace,
        /// Take scans that ask for this writer, and those that ask for none but publish their
        /// layout; `any` takes all
        #[arg(
            long,
            alias = "data_writer",
            env = "NEXUS_WRITER_SAVING_DATA_WRITER",
            default_value = "mapping",
            value_name = "NAME"
        )]
        data_writer: DataWriterFilter,
        #[command(flatten)]
        saving: Saving,
        #[command(flatten)]
        http: Http,
    },
    /// Save the scans of one BLISS session
    #[command(mut_arg("recommended_disk_space", |arg| arg.default_value("1024")))]
    Session {
        /// Name of the session
        #[arg(id = "session_name", value_name = "NAME")]
        name: String,
        #[command(flatten)]
        redis: RedisOption,
        #[command(flatten)]
        service: Service,
        #[command(flatten)]
        saving: Saving,
        #[command(flatten)]
        http: Http,
    },
    /// Save scans that Redis still holds, and end
    #[command(mut_arg("retry_time", |arg| arg.default_value("60")))]
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
    /// Tell what running writers do: their scans, what is wrong, what is lost
    ///
    /// The exit code is 0 if all of them are ready, 1 if one is not, and 2 if one does not answer.
    Status {
        /// Address of a writer (http://127.0.0.1:9610/), may be repeated; by default those that systemd runs, or the
        /// usual address
        #[arg(long = "url", value_name = "URL")]
        urls: Vec<String>,
        /// File with the token that the writers ask for
        #[arg(long, value_name = "FILE")]
        token_file: Option<PathBuf>,
        /// Print one line of JSON per writer: what /api/v1/state answers
        #[arg(long)]
        json: bool,
        /// Tell it again each second, until the command or all of the writers are ended
        #[arg(long)]
        follow: bool,
    },
    /// Check an installation from this machine, and tell what to do about what is found
    ///
    /// Nothing is written but a temporary file. The exit code is 0 if scans can be saved (there may be warnings), 1 if there
    /// are problems, and 2 for wrong usage.
    #[command(mut_arg("recommended_disk_space", |arg| arg.default_value("1024")))]
    Doctor(Box<DoctorArgs>),
    /// Publish simulated scans
    #[cfg(feature = "simulation")]
    Simulate {
        /// Redis to publish in
        url: String,
        #[command(flatten)]
        scans: SimulationArgs,
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
        #[command(flatten)]
        model: Model,
        /// Print one line of JSON per file
        #[arg(long)]
        json: bool,
    },
    /// Bring files into order whose writer was killed, as the next writer does: what was committed stays
    Repair {
        /// HDF5 files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// See it all happen: a private Redis, a writer, and simulated scans
    #[cfg(feature = "simulation")]
    Demo {
        /// Directory for the file; a new one below the current directory by default
        #[arg(long)]
        directory: Option<PathBuf>,
        /// Show it in a browser, too, at an address that is printed
        #[arg(long)]
        open: bool,
        #[command(flatten)]
        http: Http,
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
