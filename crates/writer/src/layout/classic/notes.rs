//! Comments that users made during a scan.

use serde_json::{Map, Value as Json};

use super::dict_to_nexus;
use super::subscan::Subscan;
use super::time::reformat;
use super::tree_builder::TreeBuilder;
use crate::layout::info::is_truthy;

/// Reserves the path of the notes.
pub fn reserve(builder: &mut TreeBuilder, subscan: &Subscan) {
    builder.reserve_group(&format!("{}/notes", subscan.entry), "NXcollection");
}

/// Adds one note per comment.
pub fn build(builder: &mut TreeBuilder, subscan: &Subscan, info: &Json) {
    let comments = match info.get("comments") {
        Some(Json::Array(comments)) => comments.as_slice(),
        Some(comment) if is_truthy(Some(comment)) => std::slice::from_ref(comment),
        _ => return,
    };
    let notes = format!("{}/notes", subscan.entry);
    let mut number = 0;
    for comment in comments {
        // The user may have a category of metadata that is called notes too.
        let path = loop {
            number += 1;
            let path = format!("{notes}/note_{number:02}");
            if !builder.has(&path) {
                break path;
            }
        };
        let message = comment.get("message").unwrap_or(comment);
        let mut note = Map::new();
        note.insert(dict_to_nexus::CLASS.to_owned(), Json::from("NXnote"));
        note.insert("type".to_owned(), Json::from("text/plain"));
        note.insert("data".to_owned(), Json::from(text(message)));
        if let Some(date) = comment.get("date").filter(|date| !date.is_null()) {
            let date = text(date);
            let formatted = reformat(&date);
            if formatted.is_none() {
                builder.notice(&format!("{path}/date"), "not an ISO 8601 time");
            }
            note.insert("date".to_owned(), Json::from(formatted.unwrap_or(date)));
        }
        builder.group(&notes);
        dict_to_nexus::add_mapping(builder, &path, &note, false);
    }
}

fn text(json: &Json) -> String {
    json.as_str()
        .map_or_else(|| json.to_string(), str::to_owned)
}
