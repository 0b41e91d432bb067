//! Options of a user for the saving of scans.
//!
//! Names and defaults are those of `blisswriter` 2.0.0, so that the configuration of a beamline
//! keeps its meaning.

mod spool;

use std::str::FromStr;
use std::time::Duration;

use serde_json::Value as Json;

use crate::filesystem::DiskSpace;
use crate::layout::{self, LayoutChoice};

pub use spool::{SPOOL_MEGABYTES, SpoolOptions};

/// How scans are saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveOptions {
    /// Free space that a scan needs on its disk.
    pub space: DiskSpace,
    /// Which layout scans get.
    pub layout: LayoutChoice,
    /// Whether datasets of grid scans are lists of points. Otherwise they have the shape of the
    /// grid.
    pub flat: bool,
    /// Whether the positioners of one device share a group.
    pub multivalue_positioners: bool,
    /// Whether frames in files other than HDF5 are referred to by a dataset of raw data.
    pub allow_external_nonhdf5: bool,
    /// Whether frames in HDF5 files are referred to by a virtual dataset.
    pub allow_external_hdf5: bool,
    /// Whether frames that no dataset refers to are copied. Otherwise their file names are listed.
    pub copy_non_external: bool,
    /// Whether `info["nexuswriter"]` of a scan configures its layout.
    pub configurable: bool,
    /// How long a scan is tried again whose saving the environment prevents: a locked file, a full disk, a
    /// server that refuses connections.
    pub retry_time: Duration,
    /// How long a running scan may publish nothing before its files are closed. Its next point opens them
    /// again.
    pub park_after: Duration,
}

/// [`SaveOptions::retry_time`] by default: a problem of the night can be solved in the morning.
pub const RETRY_TIME: Duration = Duration::from_secs(24 * 3600);

/// [`SaveOptions::park_after`] by default: longer than most exposures.
pub const PARK_AFTER: Duration = Duration::from_secs(15 * 60);

impl Default for SaveOptions {
    fn default() -> SaveOptions {
        SaveOptions {
            space: DiskSpace::default(),
            layout: LayoutChoice::Auto,
            flat: true,
            multivalue_positioners: false,
            allow_external_nonhdf5: false,
            allow_external_hdf5: true,
            copy_non_external: false,
            configurable: true,
            retry_time: RETRY_TIME,
            park_after: PARK_AFTER,
        }
    }
}

/// Which scans are saved, by the data writer that they ask for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DataWriterFilter {
    /// Every scan that is to be saved.
    #[default]
    Any,
    /// Scans that ask for this writer, and scans that name no writer but publish their layout:
    /// blissdata 2.4 allows every writer to save them.
    Named(String),
}

impl FromStr for DataWriterFilter {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<DataWriterFilter, Self::Err> {
        Ok(match text {
            "any" => DataWriterFilter::Any,
            name => DataWriterFilter::Named(name.to_owned()),
        })
    }
}

impl DataWriterFilter {
    /// Returns `true` if a scan with this info should be saved.
    pub fn accepts(&self, info: &Json) -> bool {
        match (self, info.get("data_writer")) {
            (_, Some(Json::Null)) => false,
            (DataWriterFilter::Any, _) => true,
            (DataWriterFilter::Named(name), Some(writer)) => writer.as_str() == Some(name),
            (DataWriterFilter::Named(_), None) => layout::is_published(info),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scans_name_their_writer() {
        let named = DataWriterFilter::Named("external".to_owned());
        assert!(named.accepts(&json!({"data_writer": "external"})));
        assert!(!named.accepts(&json!({"data_writer": "nexus"})));
        assert!(!named.accepts(&json!({"data_writer": null, "h5maps": {}})));
        assert!(!named.accepts(&json!({})));
        assert!(named.accepts(&json!({"h5maps": {}})));
        assert!(DataWriterFilter::Any.accepts(&json!({"data_writer": "nexus"})));
        assert!(!DataWriterFilter::Any.accepts(&json!({"data_writer": null})));
    }
}
