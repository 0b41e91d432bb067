//! Which layout a scan gets.

use std::fmt;
use std::str::FromStr;

use serde_json::Value as Json;

use super::{LAYOUTS, Layout, LayoutError};
use crate::options::SaveOptions;
use crate::source::{DataModel, StreamDescription};

/// The layout of a scan; `None` if the scan is not to be saved.
pub type ChosenLayout = Result<Option<Box<dyn Layout>>, LayoutError>;

/// A kind of layout: one line of the table [`LAYOUTS`].
pub struct LayoutKind {
    /// Name by which a user chooses the layout.
    pub name: &'static str,
    /// Returns `true` if scans with this info get the layout unless a user chooses another one. The
    /// first suitable kind of the table is used.
    pub is_suitable: fn(info: &Json) -> bool,
    /// Returns `true` if scans with this info publish the layout, so that every writer can save
    /// them.
    pub is_published: fn(info: &Json) -> bool,
    /// Returns the layout of a scan, or `None` if the scan is not to be saved.
    pub create: fn(&ScanDescription, &SaveOptions) -> ChosenLayout,
}

/// A scan that is prepared, as layouts see it.
#[derive(Debug, Clone, Copy)]
pub struct ScanDescription<'a> {
    /// The data model in which the scan is published.
    pub model: DataModel,
    /// The scan's info.
    pub info: &'a Json,
    /// The path of the file that the scan announces in its identity.
    pub path: Option<&'a str>,
    /// The number of the scan in its identity.
    pub number: Option<u64>,
    /// The streams that the scan has so far.
    pub streams: &'a [StreamDescription],
}

impl<'a> ScanDescription<'a> {
    /// Describes a scan that has no identity beside its info.
    pub fn new(
        model: DataModel,
        info: &'a Json,
        streams: &'a [StreamDescription],
    ) -> ScanDescription<'a> {
        ScanDescription {
            model,
            info,
            path: None,
            number: None,
            streams,
        }
    }
}

/// Which layout scans get.
#[derive(Clone, Copy, Default)]
pub enum LayoutChoice {
    /// The first layout of the table that is suitable for the scan.
    #[default]
    Auto,
    /// The same layout for all scans.
    Fixed(&'static LayoutKind),
}

/// Returns the layout of a scan that is prepared, or `None` if the scan is not to be saved.
///
/// # Errors
/// Returns an error if the scan is to be saved, but its info lacks something that every file needs.
pub fn layout_of(scan: &ScanDescription, options: &SaveOptions) -> ChosenLayout {
    let kind = match options.layout {
        LayoutChoice::Auto => LAYOUTS.iter().find(|kind| (kind.is_suitable)(scan.info)),
        LayoutChoice::Fixed(kind) => Some(kind),
    };
    match kind {
        Some(kind) => (kind.create)(scan, options),
        None => Ok(None),
    }
}

/// Returns `true` if a scan with this info publishes its layout.
pub fn is_published(info: &Json) -> bool {
    LAYOUTS.iter().any(|kind| (kind.is_published)(info))
}

impl LayoutChoice {
    /// Returns the names of all choices: `auto`, then the layouts in alphabetical order.
    pub fn names() -> Vec<&'static str> {
        let mut layouts: Vec<_> = LAYOUTS.iter().map(|kind| kind.name).collect();
        layouts.sort_unstable();
        layouts.insert(0, LayoutChoice::Auto.name());
        layouts
    }

    /// Returns the name of this choice.
    pub fn name(&self) -> &'static str {
        match self {
            LayoutChoice::Auto => "auto",
            LayoutChoice::Fixed(kind) => kind.name,
        }
    }
}

impl PartialEq for LayoutChoice {
    fn eq(&self, other: &LayoutChoice) -> bool {
        self.name() == other.name()
    }
}

impl Eq for LayoutChoice {}

impl fmt::Debug for LayoutChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LayoutChoice").field(&self.name()).finish()
    }
}

/// The error for a name that no layout has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no layout {0:?}")]
pub struct UnknownLayout(String);

impl FromStr for LayoutChoice {
    type Err = UnknownLayout;

    fn from_str(name: &str) -> Result<LayoutChoice, UnknownLayout> {
        if name == LayoutChoice::Auto.name() {
            return Ok(LayoutChoice::Auto);
        }
        let kind = LAYOUTS.iter().find(|kind| kind.name == name);
        kind.map(LayoutChoice::Fixed)
            .ok_or_else(|| UnknownLayout(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn suitable(info: Json) -> Option<&'static str> {
        let kind = LAYOUTS.iter().find(|kind| (kind.is_suitable)(&info));
        kind.map(|kind| kind.name)
    }

    #[test]
    fn a_scan_says_which_layout_it_gets() {
        let tree = json!({"/data/a.h5": {"type": "group"}});
        let cases = [
            (json!({"data_writer": "mapping"}), Some("h5maps")),
            (
                json!({"data_writer": "nexus", "h5maps": tree}),
                Some("classic"),
            ),
            (json!({"data_writer": "nexus"}), Some("classic")),
            (
                json!({"h5maps": tree, "filename": "/data/a.h5"}),
                Some("h5maps"),
            ),
            (json!({"filename": "/data/a.h5"}), Some("classic")),
            (
                json!({"data_writer": 3, "filename": "/data/a.h5"}),
                Some("classic"),
            ),
            (json!({}), None),
        ];
        for (info, name) in cases {
            assert_eq!(suitable(info.clone()), name, "{info}");
        }
    }

    #[test]
    fn layouts_are_chosen_by_name() {
        for name in LayoutChoice::names() {
            assert_eq!(name.parse::<LayoutChoice>().unwrap().name(), name);
        }
        assert_eq!("auto".parse(), Ok(LayoutChoice::default()));
        assert!("Auto".parse::<LayoutChoice>().is_err());
    }
}
