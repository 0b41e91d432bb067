//! How to tell what happens.

use std::path::PathBuf;

use clap::{Args as Group, ValueEnum};

/// Heading of the options about logs in the help of a command.
pub const LOG_OPTIONS: &str = "Log options";

/// What all programs have.
#[derive(Group)]
#[command(next_help_heading = LOG_OPTIONS)]
pub struct Logging {
    /// Least severe messages to show: error, warning, info, debug, trace (also the names of
    /// Python's logging: critical, notset) [default: info; of programs that replace one in Python, of demo and doctor: warning]
    #[arg(
        long,
        env = "NEXUS_WRITER_LOG_LEVEL",
        global = true,
        value_name = "LEVEL"
    )]
    pub log: Option<String>,
    /// Also write the messages to this file
    #[arg(
        long,
        env = "NEXUS_WRITER_LOG_FILE",
        global = true,
        value_name = "FILE"
    )]
    pub logfile: Option<PathBuf>,
    /// Also write the messages below warnings to this file
    #[arg(
        long,
        env = "NEXUS_WRITER_LOG_FILE_OUT",
        global = true,
        value_name = "FILE"
    )]
    pub logfileout: Option<PathBuf>,
    /// Also write warnings and errors to this file
    #[arg(
        long,
        env = "NEXUS_WRITER_LOG_FILE_ERR",
        global = true,
        value_name = "FILE"
    )]
    pub logfileerr: Option<PathBuf>,
    /// Size in MB at which a log file is rotated; 0 for never
    #[arg(
        long,
        env = "NEXUS_WRITER_LOG_FILE_SIZE_MB",
        global = true,
        default_value_t = 5.0,
        value_name = "MB"
    )]
    pub filesize: f64,
    /// Rotated files to keep of a log file
    #[arg(
        long,
        env = "NEXUS_WRITER_LOG_FILE_BACKUPS",
        global = true,
        default_value_t = 9,
        value_name = "N"
    )]
    pub filebackups: usize,
}

/// What programs have that took their place from one in Python.
#[derive(Group)]
#[command(next_help_heading = LOG_OPTIONS)]
pub struct Console {
    /// No messages on standard output
    #[arg(long, env = "NEXUS_WRITER_LOG_NO_STDOUT")]
    pub nologstdout: bool,
    /// What is written to standard output becomes messages
    #[arg(long, env = "NEXUS_WRITER_LOG_REDIRECT_STDOUT")]
    pub redirectstdout: bool,
    /// What is written to standard error becomes messages
    #[arg(long, env = "NEXUS_WRITER_LOG_REDIRECT_STDERR")]
    pub redirectstderr: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One line for people.
    Text,
    /// One JSON object a line, for collectors.
    Json,
}
