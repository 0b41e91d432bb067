//! What can be typed to run and to register Tango devices.

use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;
use clap::{Args as Group, Parser, Subcommand, ValueEnum};

use super::logging::LOG_OPTIONS;
use super::{ConfigurationArgs, Console, Files, Http, Logging, Memory, Model, RedisOption, Spool};

/// What `nexus-writer tango` does.
#[derive(Subcommand)]
pub enum TangoCommand {
    /// Serve the devices of one instance, until SIGINT or SIGTERM
    Run {
        /// Name of the instance in the Tango database
        instance: String,
        #[command(flatten)]
        server: BlissServer,
        #[command(flatten)]
        files: Files,
        #[command(flatten)]
        memory: Memory,
        #[command(flatten)]
        spool: Spool,
        #[command(flatten)]
        redis: RedisOption,
        #[command(flatten)]
        model: Model,
        #[command(flatten)]
        http: Http,
        #[command(flatten)]
        tests: ForTests,
    },
    /// Define a device in the Tango database; one of that name is overwritten
    Register {
        /// Redis of the scans: redis://, rediss:// or unix://
        redis_url: String,
        #[command(flatten)]
        server: BlissServer,
        /// Name of the instance
        #[arg(long, default_value = "default", value_name = "NAME")]
        instance: String,
        /// First part of the device's name
        #[arg(long, default_value = "id00", value_name = "NAME")]
        domain: String,
        /// Second part of the device's name
        #[arg(long, default_value = "blisswriter", value_name = "NAME")]
        family: String,
        /// Third part of the device's name; otherwise that of the session, otherwise `default`
        #[arg(long, value_name = "NAME")]
        member: Option<String>,
        /// BLISS session that the device serves, by which BLISS finds it
        #[arg(long, value_name = "NAME")]
        session: Option<String>,
    },
}

/// A server of devices of class BlissWriter.
#[derive(Group)]
pub struct BlissServer {
    /// Name of the server in the Tango database
    #[arg(long, default_value = "BlissWriter", value_name = "NAME")]
    pub server: String,
    /// The Tango database; that of TANGO_HOST otherwise
    #[arg(long, value_name = "HOST:PORT")]
    pub tango_host: Option<String>,
    /// Least severe messages to show: DEBUG, INFO, WARNING, ERROR, CRITICAL
    #[arg(
        long,
        env = "NEXUS_WRITER_TANGO_LOG_LEVEL",
        default_value = "INFO",
        value_name = "LEVEL",
        ignore_case = true,
        value_parser = python_level(),
        help_heading = LOG_OPTIONS
    )]
    pub log_level: PythonLevel,
}

/// Serves Tango devices that save the scans of BLISS sessions as NeXus HDF5 files.
///
/// TANGO_HOST tells where the Tango database is, which knows the devices. Redis is that of
/// REDIS_DATA_URL; otherwise Beacon is asked (BEACON_HOST). SIGINT and SIGTERM end the server: what
/// Redis has of running scans is saved. A second one leaves at once.
#[derive(Parser)]
#[command(
    name = "NexusWriterService",
    version,
    max_term_width = 100,
    // Python's argparse takes options that are cut off.
    infer_long_args = true
)]
pub struct ServiceArgs {
    /// Name of the instance in the Tango database
    pub instance: String,
    /// Name of the server in the Tango database
    #[arg(long, default_value = "nexuswriter", value_name = "NAME")]
    pub server: String,
    /// Least severe messages of Tango to show: CRITICAL, ERROR, WARNING, INFO, DEBUG, or NOTSET for
    /// what Tango shows by itself
    #[arg(
        long,
        alias = "log_tango",
        env = "NEXUS_WRITER_TANGO_LOG_LEVEL",
        default_value = "WARNING",
        value_name = "LEVEL",
        ignore_case = true,
        value_parser = python_level(),
        help_heading = LOG_OPTIONS
    )]
    pub log_tango: PythonLevel,
    /// Accepted because the Python writer has it; no effect
    #[arg(long, value_name = "NAME", value_enum, hide_possible_values = true)]
    pub patch: Vec<Patch>,
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub memory: Memory,
    #[command(flatten)]
    pub spool: Spool,
    #[command(flatten)]
    pub redis: RedisOption,
    #[command(flatten)]
    pub model: Model,
    #[command(flatten)]
    pub http: Http,
    #[command(flatten)]
    pub tests: ForTests,
    #[command(flatten)]
    pub configuration: ConfigurationArgs,
    #[command(flatten)]
    pub logging: Logging,
    #[command(flatten)]
    pub console: Console,
}

/// What tests need.
#[derive(Group)]
pub struct ForTests {
    /// An argument for Tango, such as -nodb
    #[arg(long, hide = true, allow_hyphen_values = true, value_name = "ARGUMENT")]
    pub tango_arg: Vec<String>,
}

/// Defines a device in the Tango database that saves the scans of a BLISS session.
///
/// TANGO_HOST tells where the database is.
#[derive(Parser)]
#[command(
    name = "RegisterNexusWriter",
    version,
    max_term_width = 100,
    infer_long_args = true
)]
pub struct RegisterArgs {
    /// Name of the session
    pub session: String,
    /// Name of the server
    #[arg(long, default_value = "nexuswriter", value_name = "NAME")]
    pub server: String,
    /// Name of the instance; that of the session otherwise
    #[arg(long, value_name = "NAME")]
    pub instance: Option<String>,
    /// First part of the device's name; BEAMLINE, BEAMLINENAME, or `id00` otherwise
    #[arg(long, value_name = "NAME")]
    pub domain: Option<String>,
    /// Second part of the device's name
    #[arg(long, default_value = "bliss_nxwriter", value_name = "NAME")]
    pub family: String,
    /// Third part of the device's name; that of the session otherwise
    #[arg(long, value_name = "NAME")]
    pub member: Option<String>,
    /// Do not look whether the session has a writer of another name
    #[arg(long, alias = "ignore_existing")]
    pub ignore_existing: bool,
    /// Beacon that the session belongs to
    #[arg(long, alias = "beacon_host", value_name = "HOST:PORT")]
    pub beacon_host: Option<String>,
    #[command(flatten)]
    pub configuration: ConfigurationArgs,
    #[command(flatten)]
    pub logging: Logging,
    #[command(flatten)]
    pub console: Console,
}

/// Changes that the Python writer makes to itself in tests.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Patch {
    /// A disk that does not answer.
    Slowdisk,
}

/// A level of Python's logging.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PythonLevel {
    NotSet,
    Debug,
    Info,
    Warning,
    Error,
    Critical,
}

impl PythonLevel {
    const ALL: [(&str, PythonLevel); 6] = [
        ("CRITICAL", PythonLevel::Critical),
        ("ERROR", PythonLevel::Error),
        ("WARNING", PythonLevel::Warning),
        ("INFO", PythonLevel::Info),
        ("DEBUG", PythonLevel::Debug),
        ("NOTSET", PythonLevel::NotSet),
    ];

    /// How much a Tango server says at this level (`-v1` to `-v5`), if it is told at all.
    pub fn verbosity(self) -> Option<u8> {
        match self {
            PythonLevel::NotSet => None,
            PythonLevel::Critical => Some(1),
            PythonLevel::Error => Some(2),
            PythonLevel::Warning => Some(3),
            PythonLevel::Info => Some(4),
            PythonLevel::Debug => Some(5),
        }
    }
}

/// The names of levels, in any case.
fn python_level() -> impl clap::builder::TypedValueParser<Value = PythonLevel> {
    PossibleValuesParser::new(PythonLevel::ALL.map(|(name, _)| name)).map(|typed| {
        let is_it = |(name, _): &&(&str, PythonLevel)| typed.eq_ignore_ascii_case(name);
        let found = PythonLevel::ALL.iter().find(is_it);
        found.map_or(PythonLevel::NotSet, |(_, level)| *level)
    })
}
