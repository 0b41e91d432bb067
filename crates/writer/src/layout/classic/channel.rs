//! Channels: what the layout knows of each stream of a subscan.

use nexus::tree::StreamStorage;
use serde_json::{Map, Value as Json};

use crate::source::StreamDescription;

/// One channel of a subscan, with its names in the entry.
#[derive(Debug, Clone)]
pub struct Channel {
    /// The stream; its channel has a name such as `axis:roby`.
    pub stream: StreamDescription,
    /// Key of its acquisition device in `info["devices"]`, if the info names it.
    pub device_key: Option<String>,
    /// Type of its device in BLISS (`positioner`, `mca`, `lima`, ...); empty if unknown.
    pub device_type: String,
    /// Name of its group below `instrument`; empty if its dataset is a member of `measurement`.
    pub device: String,
    /// Name of its dataset.
    pub dataset: String,
    /// A second name for the dataset in its group.
    pub alias: Option<String>,
    /// Name of its links in `measurement` and `positioners`.
    pub link: String,
    /// Whether the dataset is the principal data of its device.
    pub principal: bool,
    /// Index of a positioner among those of its device, slowest last; `None` for detectors.
    pub master_index: Option<usize>,
    /// Datasets that describe the device.
    pub device_info: Map<String, Json>,
    /// Attributes of the dataset.
    pub data_info: Map<String, Json>,
    /// Key of the device's metadata that concerns this channel and is stored as `selection`; `None`
    /// if all metadata do.
    pub selection: Option<String>,
    /// How its dataset is stored.
    pub storage: StreamStorage,
    /// Whether its dataset is a list of file names, which is neither linked nor plotted.
    pub lists_files: bool,
}

impl Channel {
    /// Returns `true` if the channel is a motor, a timer or the like, and not a detector.
    pub fn is_positioner(&self) -> bool {
        self.device_type == "positioner" || self.device_type == "positionergroup"
    }

    /// Returns the class of its device group.
    pub fn class(&self) -> &'static str {
        match self.is_positioner() {
            true => "NXpositioner",
            false => "NXdetector",
        }
    }

    /// Returns the path of its device group in the entry, or of `measurement` if it has none.
    pub fn group_path(&self, entry: &str) -> String {
        match self.device.as_str() {
            "" => format!("{entry}/measurement"),
            device => format!("{entry}/instrument/{device}"),
        }
    }

    /// Returns the path of its dataset.
    pub fn path(&self, entry: &str) -> String {
        format!("{}/{}", self.group_path(entry), self.dataset)
    }
}
