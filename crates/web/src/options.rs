//! What the service is told when it is started.

use crate::access::Access;
use crate::files::ReaderProgram;
use crate::listen::Listen;
use crate::log_lines::LogLines;

/// What the service is told when it is started.
#[derive(Debug, Clone)]
pub struct WebOptions {
    /// Where it listens.
    pub listen: Listen,
    /// Which requests may be answered.
    pub access: Access,
    /// What the program was built of.
    pub build: BuildInfo,
    /// The last lines of the log.
    pub log: &'static LogLines,
    /// The program that reads files; `None` if no file can be read.
    pub reader: Option<ReaderProgram>,
}

/// The log of a program that keeps no lines.
static NO_LOG: LogLines = LogLines::new();

impl WebOptions {
    /// Returns the options with which it listens nowhere.
    pub fn new(build: BuildInfo) -> WebOptions {
        WebOptions {
            listen: Listen::Off,
            access: Access::default(),
            build,
            log: &NO_LOG,
            reader: None,
        }
    }
}

/// What the program was built of: labels of the metric `nexus_writer_build_info`.
#[derive(Debug, Clone, Default)]
pub struct BuildInfo {
    /// Version of the program.
    pub version: String,
    /// Commit of the sources, if it is known.
    pub commit: String,
    /// Version of the HDF5 library.
    pub hdf5: String,
    /// Version of cppTango, or empty.
    pub tango: String,
    /// The optional features, separated by commas.
    pub features: String,
}
