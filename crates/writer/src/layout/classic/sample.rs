//! Metadata of the sample, from the ESRF data policy.
//!
//! The data policy publishes a flat list of fields, with their names in the catalogue ICAT. The
//! groups, classes and units in NeXus files are those of the catalogue's definitions
//! (`icat_esrf_definitions` 3.8, formerly part of `pyicat-plus`).

mod fields;

use serde_json::{Map, Value as Json};

use super::dict_to_nexus;
use super::subscan::Subscan;
use super::tree_builder::{self, TreeBuilder};
use crate::layout::info::is_truthy;
use fields::{GROUPS, INTEGERS, UNITS};

/// Fields that are stored elsewhere: the snapshots of the motors.
const SNAPSHOT_FIELDS: [&str; 2] = ["SamplePositioners_value", "SamplePositioners_name"];

/// Reserves the group of the sample, if there is one.
pub fn reserve(builder: &mut TreeBuilder, subscan: &Subscan, info: &Json) {
    if fields(info).is_some() {
        builder.reserve_group(&format!("{}/sample", subscan.entry), "NXsample");
    }
}

/// Adds the sample, if the scan's data policy has one.
pub fn build(builder: &mut TreeBuilder, subscan: &Subscan, info: &Json) {
    let Some(fields) = fields(info) else {
        return;
    };
    let path = format!("{}/sample", subscan.entry);
    let mut sample = Map::new();
    for (field, json) in fields {
        if !field.starts_with("Sample")
            || SNAPSHOT_FIELDS.contains(&field.as_str())
            || json.is_null()
        {
            continue;
        }
        let Some((group, name)) = place(field) else {
            let text = format!("{field} is no field that ICAT knows, it is not stored");
            builder.notice(&path, text);
            continue;
        };
        for (ancestor, class) in classes(group) {
            sample.insert(format!("{ancestor}@NX_class"), Json::from(class));
        }
        let name = tree_builder::join(group, name);
        if let Some((_, unit)) = UNITS.iter().find(|(known, _)| known == field) {
            sample.insert(format!("{name}@units"), Json::from(*unit));
        }
        sample.insert(name, converted(field, json));
    }
    if !sample.is_empty() {
        dict_to_nexus::add_mapping(builder, &path, &sample, true);
    }
}

/// Returns the fields of the dataset that the scan belongs to.
fn fields(info: &Json) -> Option<&Map<String, Json>> {
    let policy = info.get("data_policy")?.as_str()?;
    let fields = info.get("dataset_metadata_snapshot")?;
    (policy.eq_ignore_ascii_case("ESRF") && is_truthy(Some(fields)))
        .then(|| fields.as_object())
        .flatten()
}

/// Returns the group of a field, relative to that of the sample, and the name of the field in this
/// group.
fn place(field: &str) -> Option<(&'static str, &str)> {
    let (prefix, name) = field.split_once('_')?;
    GROUPS
        .iter()
        .find(|(known, _, _, names)| *known == prefix && names.contains(&name))
        .map(|(_, group, ..)| (*group, name))
}

/// Returns a group and the groups above it, with their classes.
fn classes(group: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let known = GROUPS.iter().map(|(_, path, class, _)| (*path, *class));
    known.filter(move |(path, _)| {
        let rest = group.strip_prefix(path);
        !path.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Returns the value of a field as it is stored: texts of integers become integers.
fn converted(field: &str, json: &Json) -> Json {
    let integer = |text: &str| text.trim().parse::<i64>().ok();
    match json {
        Json::String(text) if INTEGERS.contains(&field) => {
            integer(text).map_or_else(|| json.clone(), Json::from)
        }
        json => json.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_their_groups() {
        assert_eq!(place("Sample_name"), Some(("", "name")));
        assert_eq!(place("Sample_notes"), Some(("notes", "notes")));
        assert_eq!(
            place("SampleTrackingParcel_storage_condition"),
            Some(("tracking/parcel", "storage_condition"))
        );
        assert_eq!(place("Sample_unheard"), None);
        assert_eq!(place("Samplename"), None);
        assert_eq!(place("_name"), None);
        let parcel: Vec<_> = classes("tracking/parcel").collect();
        assert_eq!(
            parcel,
            [
                ("tracking/parcel", "NXsubentry"),
                ("tracking", "NXsubentry")
            ]
        );
        assert_eq!(classes("").count(), 0);
    }

    #[test]
    fn every_unit_belongs_to_a_field() {
        let fields = UNITS.iter().map(|(field, _)| *field).chain(INTEGERS);
        for field in fields {
            assert!(place(field).is_some(), "{field}");
        }
    }

    #[test]
    fn integers_may_come_as_texts() {
        let number = |json: Json| converted("SamplePatient_number", &json);
        assert_eq!(number(Json::from(" 12 ")), Json::from(12));
        assert_eq!(number(Json::from("P-12")), Json::from("P-12"));
        assert_eq!(
            converted("Sample_name", &Json::from("12")),
            Json::from("12")
        );
    }
}
