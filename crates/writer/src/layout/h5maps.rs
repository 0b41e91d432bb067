//! The layout that newer BLISS publishes itself: `info["h5maps"]`.
//!
//! The schema is that of `blissdata.h5map` (blissdata 2.4.5): an object with the root group of each
//! file, by path of the file. An item is a group, a link, or a dataset. The value of a dataset is
//! JSON (`raw`), typed JSON (`inline`), bytes in base64 (`inline_b64`), a compound of these, or the
//! name of a stream.
//!
//! ```
//! let info = serde_json::json!({"h5maps": {"/data/a.h5": {"type": "group", "children": {
//!     "title": "ascan m0 0 1 10 0.1",
//!     "diode": {"type": "stream", "stream": "axis:diode"},
//! }}}});
//! let trees = writer::layout::h5maps::trees(&info);
//! assert_eq!(trees[0].file, "/data/a.h5");
//! assert_eq!(trees[0].root.streams(), [("/diode".to_owned(), "axis:diode")]);
//! assert!(trees[0].invalid.is_empty());
//! ```

mod external_data;
mod inline;
mod inline_b64;
mod item;
mod number;
mod raw;
mod value;

use serde_json::{Map, Value as Json};

use super::{
    FileTree, FrameOptions, InvalidItem, JsonError, Layout, LayoutKind, LayoutPolicy,
    RecordLocation, RootAttributes, ScanFacts, StreamDestination, SubscanEntry, record_name,
};
use nexus::tree::{Content, Group, Item, Value};

/// The published layout of one scan.
#[derive(Debug, Clone)]
struct H5mapsLayout {
    /// The path of the file that the scan announces.
    path: String,
    /// The trees as they were when the scan was prepared.
    trees: Vec<FileTree>,
}

impl Layout for H5mapsLayout {
    fn policy(&self) -> LayoutPolicy {
        LayoutPolicy {
            follows_facts: false,
            marks_interruption: false,
            watches_disk: false,
            announces_subscans: false,
            measures_datasets: false,
            shows_latest: false,
        }
    }

    fn main_file(&self) -> &str {
        &self.path
    }

    fn trees(&self, facts: &ScanFacts) -> Vec<FileTree> {
        let mut trees = match &facts.end {
            None => self.trees.clone(),
            Some(end) => trees(&end.info),
        };
        let name = record_name(&facts.scan);
        for tree in &mut trees {
            if !facts.record.is_empty() {
                let record = (name.clone(), Value::text(facts.record.as_str()));
                tree.root.attributes.push(record);
            }
            tree.records = vec![RecordLocation::RootAttribute(name.clone())];
        }
        trees
    }

    fn streams(&self) -> Vec<String> {
        let destinations = self.destinations().into_iter();
        destinations.map(|destination| destination.stream).collect()
    }

    fn destinations(&self) -> Vec<StreamDestination> {
        self.trees.iter().flat_map(destinations).collect()
    }

    fn subscan_entries(&self) -> Vec<SubscanEntry> {
        self.trees.iter().flat_map(subscan_entries).collect()
    }
}

/// Scans ask for this layout by name, or ask for no writer and publish it. A scan that announces no
/// file is not to be saved, whatever its layout says.
pub const KIND: LayoutKind = LayoutKind {
    name: "h5maps",
    is_suitable: |info| match info.get("data_writer").and_then(Json::as_str) {
        Some(writer) => writer == "mapping",
        None => is_published(info),
    },
    is_published,
    create: |scan, _| {
        let (trees, Some(path)) = (trees(scan.info), scan.path) else {
            return Ok(None);
        };
        Ok((!trees.is_empty()).then(|| -> Box<dyn Layout> {
            let path = path.to_owned();
            Box::new(H5mapsLayout { path, trees })
        }))
    },
};

fn is_published(info: &Json) -> bool {
    info.get("h5maps").is_some()
}

/// Returns the trees in a scan's info, in the order of the files. There are none if the scan is not
/// to be saved.
pub fn trees(info: &Json) -> Vec<FileTree> {
    let Some(files) = info.get("h5maps").and_then(Json::as_object) else {
        return Vec::new();
    };
    files.iter().map(|(file, root)| tree(file, root)).collect()
}

/// Returns where the streams of a file are stored.
pub fn destinations(tree: &FileTree) -> Vec<StreamDestination> {
    let mut destinations = Vec::new();
    add_destinations(&tree.root, "", &tree.file, &mut destinations);
    destinations
}

/// Returns the entries of a file. The root is one of them if it has data itself.
pub fn subscan_entries(tree: &FileTree) -> Vec<SubscanEntry> {
    let is_entry = |item: &Item| matches!(item, Item::Group(group) if group.attributes.contains(&class_entry()));
    let entries = tree.root.children.iter().filter(|(_, item)| is_entry(item));
    let mut names: Vec<String> = entries.map(|(name, _)| name.clone()).collect();
    for destination in destinations(tree) {
        if !names.contains(&destination.subscan) {
            names.push(destination.subscan);
        }
    }
    let subscan = |name: String| SubscanEntry {
        file: tree.file.clone(),
        entry: name.clone(),
        name,
    };
    names.into_iter().map(subscan).collect()
}

fn class_entry() -> (String, Value) {
    ("NX_class".to_owned(), Value::text("NXentry"))
}

/// Returns the name of the entry in a path; it is empty for an item of the root.
fn entry(path: &str) -> &str {
    let path = path.trim_start_matches('/');
    path.split_once('/').map_or("", |(entry, _)| entry)
}

fn add_destinations(
    group: &Group,
    path: &str,
    file: &str,
    destinations: &mut Vec<StreamDestination>,
) {
    for (name, item) in &group.children {
        let path = format!("{path}/{name}");
        match item {
            Item::Group(group) => add_destinations(group, &path, file, destinations),
            Item::Dataset(dataset) => {
                if let Content::Stream(stream) = &dataset.content {
                    destinations.push(StreamDestination {
                        stream: stream.name.clone(),
                        subscan: entry(&path).to_owned(),
                        file: file.to_owned(),
                        path,
                        attributes: dataset.attributes.clone(),
                        storage: stream.storage.clone(),
                        frames: FrameOptions::REFERRED,
                    });
                }
            }
            Item::SoftLink { .. } | Item::ExternalLink { .. } => {}
        }
    }
}

fn tree(file: &str, root: &Json) -> FileTree {
    let mut invalid = InvalidItems {
        file,
        items: Vec::new(),
    };
    let root = match root.as_object().filter(|root| kind(root) == Some("group")) {
        Some(root) => item::group(root, "", &mut invalid),
        None => {
            invalid.add("/", JsonError::Root);
            Group::default()
        }
    };
    FileTree {
        file: file.to_owned(),
        root,
        invalid: invalid.items,
        notices: Vec::new(),
        exclusive_groups: Vec::new(),
        root_attributes: RootAttributes::Minimal,
        records: Vec::new(),
    }
}

/// Collects the items of a file that are not valid.
struct InvalidItems<'a> {
    file: &'a str,
    items: Vec<InvalidItem>,
}

impl InvalidItems<'_> {
    fn add(&mut self, path: impl Into<String>, reason: JsonError) {
        self.items.push(InvalidItem {
            file: self.file.to_owned(),
            path: path.into(),
            reason: reason.into(),
        });
    }

    /// Returns the value if it is valid. Otherwise collects the item with its error.
    fn valid_or_report<T>(&mut self, path: &str, result: Result<T, JsonError>) -> Option<T> {
        result.map_err(|reason| self.add(path, reason)).ok()
    }
}

fn kind(object: &Map<String, Json>) -> Option<&str> {
    object.get("type").and_then(Json::as_str)
}

fn field<'a>(object: &'a Map<String, Json>, name: &str) -> Result<&'a Json, JsonError> {
    object
        .get(name)
        .ok_or_else(|| JsonError::Missing(name.to_owned()))
}

fn text<'a>(object: &'a Map<String, Json>, name: &str) -> Result<&'a str, JsonError> {
    let text = field(object, name)?
        .as_str()
        .ok_or_else(|| wrong_type(name, "a text"))?;
    without_nul(text)
}

fn wrong_type(name: &str, expected: &'static str) -> JsonError {
    JsonError::Type {
        name: name.to_owned(),
        expected,
    }
}

/// Returns an error for a text with a NUL character: HDF5 would silently cut it there.
fn without_nul(text: &str) -> Result<&str, JsonError> {
    match text.contains('\0') {
        true => Err(JsonError::NulCharacter),
        false => Ok(text),
    }
}
