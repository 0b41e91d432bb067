//! `tree`: prints the structure of a file for people.

use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::thread;

use nexus::h5::{
    Dataset, DatasetInfo, DatasetStorage, File, Group, Link, ObjectKind, RenderedElements,
};

use super::Outcome;
use crate::exit::{self, Failure};
use crate::growing_file::{GrowingFile, LOOK_PERIOD};
use crate::results::print;

/// Largest number of elements of a value that are printed. Larger values are shown by type and shape.
const MAX_ELEMENTS: u64 = 6;
/// Largest number of characters that are printed of a value.
const MAX_VALUE_CHARS: usize = 72;

/// Prints the tree below `path` in `file`.
pub fn tree(file: &Path, path: &str) -> Outcome {
    print(&describe(file, path)?)?;
    Ok(exit::SUCCESS)
}

/// Returns the tree below `path` as text. A file that somebody may be writing is read again if it cannot be read.
pub fn describe(file: &Path, path: &str) -> Result<String, Failure> {
    let mut growing = GrowingFile::new(file);
    loop {
        let described = describe_once(file, path);
        if described.is_ok() || !growing.may_change() {
            return described;
        }
        thread::sleep(LOOK_PERIOD);
    }
}

fn describe_once(file: &Path, path: &str) -> Result<String, Failure> {
    let open = File::open_read(file)
        .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let mut printer = Printer {
        text: String::new(),
        bold: io::stdout().is_terminal(),
        open_groups: Vec::new(),
    };
    let root = open.root()?;
    match root.kind(path)? {
        Some(ObjectKind::Group) => {
            let group = root.open_group(path)?;
            let class = nexus_class(&group)?;
            let title = if path == "/" {
                file.display().to_string()
            } else {
                path.to_owned()
            };
            printer.line("", &title, &class);
            printer.group(&group, "")?;
        }
        Some(_) => {
            let dataset = root.open_dataset(path)?;
            let info = dataset.info()?;
            let about = describe_dataset(&info, elements(&dataset, &info).as_ref());
            printer.line("", path, &about);
        }
        None => return Err(format!("{} has no {path}", file.display()).into()),
    }
    Ok(printer.text)
}

struct Printer {
    text: String,
    bold: bool,
    /// The groups on the way to the current one: hard links can make cycles.
    open_groups: Vec<[u8; 16]>,
}

impl Printer {
    fn line(&mut self, lead: &str, name: &str, about: &str) {
        let (on, off) = if self.bold {
            ("\x1b[1m", "\x1b[0m")
        } else {
            ("", "")
        };
        let gap = if about.is_empty() { "" } else { "  " };
        self.text
            .push_str(&format!("{lead}{on}{name}{off}{gap}{about}\n"));
    }

    fn group(&mut self, group: &Group, indent: &str) -> Result<(), Failure> {
        self.open_groups.push(group.token()?);
        let printed = self.content(group, indent);
        self.open_groups.pop();
        printed
    }

    fn content(&mut self, group: &Group, indent: &str) -> Result<(), Failure> {
        let names = group.names()?;
        self.attributes(
            group.attribute_names()?,
            |name| group.attribute(name),
            indent,
            !names.is_empty(),
        );
        for (at, name) in names.iter().enumerate() {
            let last = at + 1 == names.len();
            let lead = format!("{indent}{}", if last { "└─ " } else { "├─ " });
            let below = format!("{indent}{}", if last { "   " } else { "│  " });
            match group.link(name)? {
                Link::Soft { target } => {
                    let dangling = if group.resolves(name)? {
                        ""
                    } else {
                        "  (dangling)"
                    };
                    self.line(&lead, name, &format!("→ {target}{dangling}"));
                }
                Link::External { file, target } => {
                    self.line(&lead, name, &format!("→ {file}::{target}"));
                }
                _ => self.object(group, name, &lead, &below)?,
            }
        }
        Ok(())
    }

    fn object(
        &mut self,
        parent: &Group,
        name: &str,
        lead: &str,
        below: &str,
    ) -> Result<(), Failure> {
        match parent.kind(name)? {
            Some(ObjectKind::Group) => {
                let group = parent.open_group(name)?;
                if self.open_groups.contains(&group.token()?) {
                    self.line(lead, name, "→ a group that contains this one");
                    return Ok(());
                }
                self.line(lead, name, &nexus_class(&group)?);
                self.group(&group, below)
            }
            Some(ObjectKind::Dataset) => {
                let dataset = parent.open_dataset(name)?;
                let info = dataset.info()?;
                let about = describe_dataset(&info, elements(&dataset, &info).as_ref());
                self.line(lead, name, &about);
                self.attributes(
                    dataset.attribute_names()?,
                    |name| dataset.attribute(name),
                    below,
                    false,
                );
                Ok(())
            }
            _ => {
                self.line(lead, name, "(a named type)");
                Ok(())
            }
        }
    }

    /// Prints attributes, except the class of a group, which is printed after its name.
    fn attributes(
        &mut self,
        names: Vec<String>,
        read: impl Fn(&str) -> nexus::h5::Result<RenderedElements>,
        indent: &str,
        more: bool,
    ) {
        let lead = format!("{indent}{}", if more { "│  " } else { "   " });
        for name in names.iter().filter(|name| *name != "NX_class") {
            let value = match read(name) {
                Ok(elements) => format_value(&elements),
                Err(error) => format!("({error})"),
            };
            self.line(&lead, &format!("@{name}"), &value);
        }
    }
}

/// Returns the elements of a small dataset, unless they are in other files, which nobody may be able to read.
fn elements(dataset: &Dataset, info: &DatasetInfo) -> Option<RenderedElements> {
    match info.storage {
        DatasetStorage::External(_) | DatasetStorage::Virtual(_) => None,
        _ => dataset.elements(MAX_ELEMENTS).ok(),
    }
}

fn nexus_class(group: &Group) -> Result<String, Failure> {
    if !group.has_attribute("NX_class")? {
        return Ok(String::new());
    }
    Ok(group
        .attribute("NX_class")?
        .texts
        .and_then(|texts| texts.into_iter().next())
        .unwrap_or_default())
}

fn describe_dataset(info: &DatasetInfo, elements: Option<&RenderedElements>) -> String {
    let mut about = info.type_name.clone();
    if let Some(shape) = info.shape.as_ref().filter(|shape| !shape.is_empty()) {
        about = format!("{about} {shape:?}");
    }
    if let Some(elements) = elements.filter(|elements| elements.texts.is_some()) {
        return format!("{}  {about}", format_value(elements));
    }
    let written = match &info.storage {
        DatasetStorage::Chunked { chunk, filters } if filters.is_empty() => {
            write!(about, "  chunks {chunk:?}")
        }
        DatasetStorage::Chunked { chunk, filters } => {
            write!(about, "  chunks {chunk:?} {}", filters.join(", "))
        }
        DatasetStorage::External(files) => write!(about, "  in {} raw files", files.len()),
        DatasetStorage::Virtual(sources) => {
            write!(about, "  in {} datasets of other files", sources.len())
        }
        _ => Ok(()),
    };
    match written {
        Ok(()) => about,
        Err(error) => format!("({error})"),
    }
}

fn format_value(elements: &RenderedElements) -> String {
    let Some(texts) = &elements.texts else {
        return format!(
            "{} {:?}",
            elements.type_name,
            elements.shape.as_deref().unwrap_or_default()
        );
    };
    let scalar = elements.shape.as_ref().is_some_and(Vec::is_empty);
    let quoted = texts.iter().map(|text| match elements.type_name == "text" {
        true => format!("{text:?}"),
        false => text.clone(),
    });
    let joined = quoted.collect::<Vec<_>>().join(", ");
    let shown = if scalar {
        joined
    } else {
        format!("[{joined}]")
    };
    match shown.char_indices().nth(MAX_VALUE_CHARS) {
        Some((cut, _)) => format!("{}…", &shown[..cut]),
        None => shown,
    }
}
