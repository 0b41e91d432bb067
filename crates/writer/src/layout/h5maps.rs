//! The layout that newer BLISS publishes itself: `info["h5maps"]`.
//!
//! The schema is that of `blissdata.h5map` (blissdata 2.4.5): an object of file path to HDF5 item,
//! where the item of a file is its root group. An item is a group, a link, or a dataset; a dataset's
//! value is JSON (`raw`), typed JSON (`inline`), packed bytes (`packed`), a compound of
//! these, or the name of a stream.
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
    /// The file that the scan announces.
    path: String,
    /// The files as they were when the scan was prepared.
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

/// The trees that a scan's info asks for, in the order of the files; none when the scan is not to
/// be saved.
pub fn trees(info: &Json) -> Vec<FileTree> {
    let Some(files) = info.get("h5maps").and_then(Json::as_object) else {
        return Vec::new();
    };
    files.iter().map(|(file, root)| tree(file, root)).collect()
}

/// Where the streams go that a file asks for.
pub fn destinations(tree: &FileTree) -> Vec<StreamDestination> {
    let mut destinations = Vec::new();
    add_destinations(&tree.root, "", &tree.file, &mut destinations);
    destinations
}

/// The parts of a scan that a file has an entry for. The root is one too, if it has data itself.
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

/// The entry that a path leads into; nothing for an item of the root.
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

/// What is wrong with one file's tree, as it is found.
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

    /// The good value, or nothing and a finding.
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

/// HDF5 takes texts that end at the first NUL: one inside would cut the text silently.
fn without_nul(text: &str) -> Result<&str, JsonError> {
    match text.contains('\0') {
        true => Err(JsonError::NulCharacter),
        false => Ok(text),
    }
}
