//! What is at a path: its kind, children, attributes, type and shape.

use std::rc::Rc;

use file_request::LinkResolution;
use nexus::h5::{Dataset, DatasetStorage, Link, Object, ObjectKind};
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::failure::Failure;
use crate::open_file::OpenFile;
use crate::place::{Located, Place, Walker};
use crate::{sources, type_text};

/// The most children of a group that are listed.
const MAX_CHILDREN: usize = 20_000;

/// Describes what is at a path, and the children of a group.
pub fn answer(walker: &Walker, file: &Rc<OpenFile>, path: &str) -> Result<Answer, Failure> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let place = walker.place(file, path)?;
    let described = describe(walker, &place, name, true)?;
    Ok(Answer::json(&described))
}

/// Describes what was found under a name, with the children of a group or without.
fn describe(
    walker: &Walker,
    place: &Place,
    name: &str,
    has_children: bool,
) -> Result<Value, Failure> {
    let mut about = Map::new();
    let found = match place {
        Place::Object(found) => found,
        Place::Link(link, reason) => return Ok(link_text(link, reason, name)),
        Place::Blocked(_) | Place::Nothing => return Ok(json!({"kind": "other", "name": name})),
    };
    let kind = found.kind()?;
    about.insert("attributes".to_owned(), attributes(&found.object()?)?);
    let kind = match kind {
        Some(ObjectKind::Group) => {
            if has_children {
                about.insert("children".to_owned(), children(walker, found)?);
            }
            "group"
        }
        Some(ObjectKind::Dataset) => {
            let dataset = found.dataset()?;
            about.extend(dataset_text(walker, found, &dataset)?);
            "dataset"
        }
        _ => "other",
    };
    about.insert("kind".to_owned(), json!(kind));
    about.insert("name".to_owned(), json!(name));
    Ok(Value::Object(about))
}

/// A link that is not followed is shown as text.
fn link_text(link: &Link, reason: &str, name: &str) -> Value {
    match link {
        Link::Soft { target } => {
            json!({"kind": "soft_link", "name": name, "target_path": target, "reason": reason})
        }
        Link::External { file, target } => json!({
            "kind": "external_link", "name": name, "target_file": file, "target_path": target, "reason": reason,
        }),
        _ => json!({"kind": "other", "name": name, "reason": reason}),
    }
}

fn children(walker: &Walker, found: &Located) -> Result<Value, Failure> {
    let group = found.group()?;
    let names = group.names()?;
    if names.len() > MAX_CHILDREN {
        return Err(Failure::TooLarge(format!(
            "the group has {} members, {MAX_CHILDREN} are listed at most",
            names.len()
        )));
    }
    // The parameter of the request is about the path itself, as in h5grove.
    let walker = &Walker {
        opener: walker.opener,
        links: LinkResolution::OnlyValid,
    };
    let mut children = Vec::with_capacity(names.len());
    for name in &names {
        let child = walker.below(&found.file, found.group()?, name)?;
        children.push(describe(walker, &child, name, false)?);
    }
    Ok(Value::Array(children))
}

fn attributes(object: &Object) -> Result<Value, Failure> {
    let mut names = object.attribute_names()?;
    names.sort();
    let described = names.iter().map(|name| {
        let (shape, datatype) = object.attribute_type(name)?;
        let shape = shape.unwrap_or_default();
        Ok(json!({"name": name, "shape": shape, "type": type_text::describe(&datatype)}))
    });
    described.collect::<Result<_, Failure>>().map(Value::Array)
}

fn dataset_text(
    walker: &Walker,
    found: &Located,
    dataset: &Dataset,
) -> Result<Map<String, Value>, Failure> {
    let filters = dataset.filters()?;
    let filters: Vec<_> = filters
        .iter()
        .map(|(id, name)| json!({"id": id, "name": name}))
        .collect();
    let chunks = match dataset.storage()? {
        DatasetStorage::Chunked { chunk, .. } => json!(chunk),
        _ => Value::Null,
    };
    let shape = shape(walker, found, dataset)?;
    Ok(Map::from_iter([
        ("chunks".to_owned(), chunks),
        (
            "filters".to_owned(),
            match filters.is_empty() {
                true => Value::Null,
                false => json!(filters),
            },
        ),
        ("shape".to_owned(), json!(shape)),
        (
            "type".to_owned(),
            type_text::describe(&dataset.type_description()?),
        ),
    ]))
}

/// Returns the extent, or `None` for a null dataspace. That of a virtual dataset that grows with its sources is not known if
/// these may not be opened.
fn shape(walker: &Walker, found: &Located, dataset: &Dataset) -> Result<Option<Vec<u64>>, Failure> {
    let grows = match dataset.storage()? {
        DatasetStorage::Virtual(parts) => parts.iter().any(|part| part.needed.is_none()),
        _ => false,
    };
    if grows {
        match sources::check(walker, &found.file, dataset) {
            Err(Failure::Refused(_)) => return Ok(None),
            checked => checked?,
        }
    }
    Ok(dataset.extent()?)
}
