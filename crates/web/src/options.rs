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
    /// What viewers of running scans may cost.
    pub live: LiveOptions,
    /// The last lines of the log.
    pub log: &'static LogLines,
    /// The program that reads files; `None` if no file can be read.
    pub reader: Option<ReaderProgram>,
}

/// What viewers of running scans may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveOptions {
    /// What the data of scans may need that can be asked for, in bytes. With 0, no data are kept.
    pub memory: usize,
    /// The most viewers that receive the state whenever it changes.
    pub viewers: usize,
}

impl LiveOptions {
    /// The usual memory, in megabytes of 2^20 bytes.
    pub const MEGABYTES: u64 = 24;

    /// The usual number of viewers.
    pub const VIEWERS: usize = 16;

    /// The most viewers that may be allowed: the other connections are for requests.
    pub const MAX_VIEWERS: usize = 48;

    /// Returns the part of the memory for the first points of each channel and for samples. The rest is for curves and maps.
    pub(crate) fn memory_of_channels(&self) -> usize {
        self.memory / 3
    }
}

impl Default for LiveOptions {
    fn default() -> LiveOptions {
        LiveOptions {
            memory: (LiveOptions::MEGABYTES as usize) << 20,
            viewers: LiveOptions::VIEWERS,
        }
    }
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
            live: LiveOptions::default(),
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
