//! Releases of the original writer, whose files differ in a few details.

use nexus::tree::Value;
use serde_json::Value as Json;

use super::dict_to_nexus::attribute;
use crate::layout::RootAttributes;
use crate::source::DataModel;

/// A release of the original writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// The writer of BLISS 1.11.
    Bliss1,
    /// `blisswriter` 2.0.0, for BLISS 2.
    Bliss2,
}

impl Release {
    /// Returns the release that saves the scans of a data model.
    pub fn of(model: DataModel) -> Release {
        match model {
            DataModel::Node => Release::Bliss1,
            DataModel::Blissdata => Release::Bliss2,
        }
    }

    /// Returns `true` if an entry has the time for which each point is counted.
    pub fn has_count_time(self) -> bool {
        self == Release::Bliss2
    }

    /// Returns `true` if an entry says why the scan has ended.
    pub fn has_end_reason(self) -> bool {
        self == Release::Bliss2
    }

    /// Returns `true` if an entry has the group of a device before its channels have data.
    pub fn has_devices_without_data(self) -> bool {
        self == Release::Bliss1
    }

    /// Returns the name in the info of a scan of what the user displays.
    pub fn display_name(self) -> &'static str {
        match self {
            Release::Bliss1 => "_display_extra",
            Release::Bliss2 => "display_extra",
        }
    }

    /// Returns the attributes that the release sets at the root of its files, and a message for each that is not exactly
    /// as it is published.
    pub fn root_attributes(self, info: &Json) -> (RootAttributes, Vec<String>) {
        let mut notices = Vec::new();
        let mut attribute = |name: &str| {
            let json = info.get(name).filter(|json| !json.is_null())?;
            let (value, notice) = attribute::convert_small(json);
            notices.extend(notice.map(|notice| format!("{name:?} of the scan's info: {notice}")));
            Some(value)
        };
        let publisher = match info.get("publisher") {
            _ if self == Release::Bliss1 => None,
            None => Some(Value::text("bliss")),
            Some(_) => attribute("publisher"),
        };
        let attributes = RootAttributes::Nexus {
            version_name: match self {
                Release::Bliss1 => "creator_version",
                Release::Bliss2 => "create_version",
            },
            publisher,
            publisher_version: attribute("publisher_version"),
        };
        (attributes, notices)
    }
}
