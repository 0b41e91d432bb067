//! Properties of the classic layout for arbitrary scans.
//!
//! Infos are arbitrary JSON, or those of real scans with parts that are deleted or replaced. The
//! streams and the facts about them are arbitrary too. Nothing may panic, and the trees must be
//! writable and lose no data.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "classic_properties/arbitrary_scans.rs"]
mod arbitrary_scans;

use std::collections::HashSet;

use nexus::tree::{Group, Item};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use writer::layout::facts::EndFacts;
use writer::layout::{ClassicLayout, Layout, ScanDescription, ScanFacts};
use writer::options::SaveOptions;
use writer::source::{DataModel, StreamDescription};

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn arbitrary_infos_have_trees_or_are_refused(
        info in arbitrary_scans::info(),
        last in arbitrary_scans::info(),
        case in arbitrary_scans::case(),
    ) {
        check(&info, &last, &case)?;
    }

    #[test]
    fn damaged_infos_have_trees_or_are_refused(
        info in arbitrary_scans::real_info(),
        damage in arbitrary_scans::damage(),
        more_damage in arbitrary_scans::damage(),
        case in arbitrary_scans::case(),
    ) {
        let first = arbitrary_scans::damaged(info.clone(), damage);
        let last = arbitrary_scans::damaged(info, more_damage);
        check(&first, &last, &case)?;
    }
}

/// Without damage, the fixtures have a destination for each stream.
#[test]
fn undamaged_infos_have_destinations_for_all_streams() {
    for info in arbitrary_scans::REAL {
        let info: Json = serde_json::from_str(info).unwrap();
        let streams = arbitrary_scans::streams(&info, &[]);
        let layout = ClassicLayout::new(
            &ScanDescription::new(DataModel::Blissdata, &info, &streams),
            &SaveOptions::default(),
        );
        let layout = layout.unwrap().unwrap();
        let places: HashSet<String> = layout
            .destinations()
            .into_iter()
            .map(|place| place.stream)
            .collect();
        let names: HashSet<String> = streams.into_iter().map(|stream| stream.name).collect();
        assert_eq!(places, names);
    }
}

fn check(info: &Json, last: &Json, case: &arbitrary_scans::Case) -> Result<(), TestCaseError> {
    let streams = arbitrary_scans::streams(info, &case.streams);
    let Ok(Some(layout)) = ClassicLayout::new(
        &ScanDescription::new(DataModel::Blissdata, info, &streams),
        &case.options,
    ) else {
        return Ok(());
    };
    check_places(&layout, &streams)?;
    for master in layout.entry_links() {
        prop_assert!(master.file.starts_with('/'), "{master:?}");
        prop_assert!(is_name(&master.name), "{master:?}");
    }
    let mut facts = ScanFacts::default();
    check_tree(&layout, &facts)?;
    facts.streams = arbitrary_scans::facts(&streams, &case.facts);
    facts.references = case.references.clone();
    check_tree(&layout, &facts)?;
    facts.end = Some(EndFacts {
        time: "2026-11-23T00:31:05.786624+00:00".to_owned(),
        info: last.clone(),
    });
    facts.record = json!({"complete": true}).to_string();
    check_tree(&layout, &facts)
}

fn check_places(
    layout: &ClassicLayout,
    streams: &[StreamDescription],
) -> Result<(), TestCaseError> {
    let known: HashSet<&str> = streams.iter().map(|stream| stream.name.as_str()).collect();
    let (mut paths, mut placed) = (HashSet::new(), HashSet::new());
    for place in layout.destinations() {
        prop_assert_eq!(&place.file, layout.main_file());
        prop_assert!(known.contains(place.stream.as_str()), "{place:?}");
        prop_assert!(placed.insert(place.stream.clone()), "twice: {place:?}");
        prop_assert!(paths.insert(place.path.clone()), "path twice: {place:?}");
        let parts: Vec<&str> = place.path.split('/').collect();
        let normal = match parts.as_slice() {
            ["", _, "instrument", device, dataset] => is_normal(device) && is_normal(dataset),
            ["", _, "measurement", dataset] => is_normal(dataset),
            _ => false,
        };
        prop_assert!(normal, "{place:?}");
    }
    for name in layout.values_wanted(&ScanFacts::default()) {
        prop_assert!(placed.contains(&name), "{name} has no place");
    }
    Ok(())
}

fn check_tree(layout: &ClassicLayout, facts: &ScanFacts) -> Result<(), TestCaseError> {
    let tree = layout.tree(facts);
    prop_assert_eq!(
        &tree,
        &layout.tree(facts),
        "drawing depends on more than its input"
    );
    check_names(&tree.root, "")?;
    let drawn: HashSet<(String, &str)> = tree.root.streams().into_iter().collect();
    let stored = |name: &str| facts.streams.get(name).is_some_and(|stream| stream.stored);
    for place in layout
        .destinations()
        .iter()
        .filter(|place| stored(&place.stream))
    {
        let here = (place.path.clone(), place.stream.as_str());
        prop_assert!(drawn.contains(&here), "not in the tree: {here:?}");
    }
    Ok(())
}

fn check_names(group: &Group, path: &str) -> Result<(), TestCaseError> {
    let mut names = HashSet::new();
    for (name, item) in &group.children {
        prop_assert!(is_name(name), "child {name:?} of {path:?}");
        prop_assert!(names.insert(name), "{name:?} is twice in {path:?}");
        match item {
            Item::Group(group) => check_names(group, &format!("{path}/{name}"))?,
            Item::Dataset(dataset) => check_attributes(&dataset.attributes, name)?,
            Item::SoftLink { target } => {
                prop_assert!(is_target(target), "{path}/{name}: {target:?}")
            }
            Item::ExternalLink { file, target } => {
                prop_assert!(
                    is_target(file) && is_target(target),
                    "{path}/{name}: {file:?}"
                );
            }
        }
    }
    check_attributes(&group.attributes, path)
}

fn check_attributes<T>(attributes: &[(String, T)], path: &str) -> Result<(), TestCaseError> {
    let mut names = HashSet::new();
    for (name, _) in attributes {
        prop_assert!(!name.is_empty() && !name.contains('\0'), "{path}@{name:?}");
        prop_assert!(names.insert(name), "{path}@{name} is there twice");
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name != "." && !name.contains(['\0', '/'])
}

fn is_target(name: &str) -> bool {
    !name.is_empty() && !name.contains('\0')
}

fn is_normal(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
