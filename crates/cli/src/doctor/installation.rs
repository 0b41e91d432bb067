//! What was typed and configured.

use std::path::{Path, PathBuf};
use std::time::Duration;

use nexus::file::FileSettings;
use writer::options::{DataWriterFilter, SaveOptions, SpoolOptions};
use writer::source::ModelChoice;

use super::limit::TimeLimit;
use super::scan_saving::{ScanSaving, ScanSavingError};
use crate::args::{DoctorArgs, Http, MEBIBYTE, RedisOrigin};
use crate::configuration::{Configuration, FileOutcome};

/// The variable by which BLISS programs name their Beacon server.
const BEACON_HOST: &str = "BEACON_HOST";

/// The installation of a writer: what options, variables and the configuration file say, as for `nexus-writer session`.
pub struct Installation {
    /// Name of the BLISS session, if it is known.
    pub session: Option<String>,
    /// What says where Redis is, if anything does.
    pub redis: Option<RedisOrigin>,
    /// The Beacon server, if there is one.
    pub beacon: Option<String>,
    /// Which data model Redis is taken to hold.
    pub model: ModelChoice,
    /// Which scans a writer without Tango would take.
    pub data_writer: DataWriterFilter,
    /// How scans are saved.
    pub save: SaveOptions,
    /// How files are written.
    pub files: FileSettings,
    /// Where unread points are kept.
    pub spool: SpoolOptions,
    /// Where metrics and health can be asked for.
    pub http: Http,
    /// How long a check may wait.
    pub limit: TimeLimit,
    /// What became of the configuration file.
    pub file: FileOutcome,
    data: Option<PathBuf>,
}

impl Installation {
    /// Creates the installation that these arguments describe.
    pub fn new(args: DoctorArgs, configuration: Configuration) -> Installation {
        let beacon = args.redis.place.beacon_host.clone();
        let variable = || std::env::var(BEACON_HOST).ok();
        Installation {
            session: args.session,
            redis: args.redis.origin(&configuration),
            beacon: beacon.or_else(variable).filter(|host| !host.is_empty()),
            model: args.saving.model(),
            data_writer: args.service.data_writer,
            save: args.saving.options(MEBIBYTE),
            files: args.saving.writing().files,
            spool: args.saving.spool_options(MEBIBYTE),
            http: args.http,
            limit: TimeLimit(Duration::from_secs(args.time_limit.into())),
            file: configuration.into_file_outcome(),
            data: args.data,
        }
    }

    /// Returns the directory for files: the one that was typed, or that of the session, or the current one.
    pub fn data_directory(&self, saving: &Result<ScanSaving, ScanSavingError>) -> PathBuf {
        let of_session = || saving.as_ref().ok()?.directory.clone();
        let typed = self.data.clone();
        let directory = typed.or_else(of_session);
        directory.unwrap_or_else(|| {
            let current = std::env::current_dir();
            current.unwrap_or_else(|_| Path::new(".").to_owned())
        })
    }
}
