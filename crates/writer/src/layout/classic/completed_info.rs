//! The info of a scan, with substitutes for what no file can do without.
//!
//! BLISS publishes a title, a start time, a number and a file name with every scan. One that lacks some of them is saved
//! all the same: what was measured counts more than how it is called.

use serde_json::{Map, Value as Json};

use crate::layout::info::{count, is_truthy};
use crate::layout::{InfoError, LayoutError, ScanDescription};

/// The title of a scan without title and name.
const NO_NAME: &str = "scan";

/// Tells whether a value is of a kind.
type IsOfKind = fn(&Json) -> bool;

/// Members whose kind decides whether they are used, and what they should be.
const KINDS: [(&str, &str, IsOfKind); 11] = [
    ("acquisition_chain", "mapping", Json::is_object),
    ("channels", "mapping", Json::is_object),
    ("data_dim", "number", |json| count(Some(json)).is_some()),
    ("dataset_metadata_snapshot", "mapping", Json::is_object),
    ("devices", "mapping", Json::is_object),
    ("display_extra", "mapping", Json::is_object),
    ("nexuswriter", "mapping", |json| {
        json.is_object() || !is_truthy(Some(json))
    }),
    ("npoints", "number", |json| count(Some(json)).is_some()),
    ("positioners", "mapping", Json::is_object),
    ("scan_meta_categories", "list", Json::is_array),
    ("writer_options", "mapping", Json::is_object),
];

/// An info that has all that a file needs, except a start time.
#[derive(Debug)]
pub struct CompletedInfo {
    /// The info.
    pub info: Json,
    /// Whether something was missing that a later version of the info may have.
    pub is_provisional: bool,
    /// Messages about what was missing, or is of the wrong kind.
    pub notices: Vec<String>,
}

/// Adds a number, a title and a file name to the info of a scan, where it lacks them.
///
/// # Errors
/// Returns an error if the scan has no number or no file, neither in its info nor in its identity.
pub fn complete(scan: &ScanDescription) -> Result<CompletedInfo, LayoutError> {
    let mut members: Map<String, Json> = scan.info.as_object().cloned().unwrap_or_default();
    let mut notices = Vec::new();
    let (number, is_published) = number(scan)?;
    if !is_published {
        let text = format!("the scan's info has no whole number \"scan_nb\": {number} is used");
        notices.push(text);
    }
    members.insert("scan_nb".to_owned(), number);
    if let Some(file) = substitute_file(scan)? {
        notices.push("the scan's info has no \"filename\": that of its identity is used".into());
        members.insert("filename".to_owned(), Json::from(file));
    }
    if !is_truthy(members.get("title")) {
        let name = members.get("name").and_then(Json::as_str);
        let name = name.filter(|name| !name.is_empty()).unwrap_or(NO_NAME);
        notices.push(format!(
            "the scan's info has no \"title\": {name:?} is used"
        ));
        let title = Json::from(name);
        members.insert("title".to_owned(), title);
    }
    if !is_truthy(members.get("start_time")) {
        notices.push("the scan's info has no \"start_time\": the file has none either".to_owned());
    }
    let is_provisional = !notices.is_empty();
    for (name, kind, is_of_kind) in KINDS {
        if let Some(json) = members.get(name)
            && !json.is_null()
            && !is_of_kind(json)
        {
            let text = format!("{name:?} of the scan's info is no {kind}: it is not used");
            notices.push(text);
        }
    }
    Ok(CompletedInfo {
        info: Json::Object(members),
        is_provisional,
        notices,
    })
}

/// Returns the number of a scan, and whether its info has it.
fn number(scan: &ScanDescription) -> Result<(Json, bool), LayoutError> {
    let published = scan.info.get("scan_nb").filter(|json| !json.is_null());
    let integer = |text: &str| text.parse::<i64>().ok();
    match published {
        Some(Json::Number(number)) if !number.is_f64() => {
            return Ok((Json::Number(number.clone()), true));
        }
        Some(Json::String(text)) => {
            if let Some(number) = integer(text) {
                return Ok((Json::from(number), true));
            }
        }
        _ => {}
    }
    if let Some(number) = scan.number {
        return Ok((Json::from(number), false));
    }
    Err(match published {
        None => LayoutError::Missing("scan_nb"),
        Some(other) => LayoutError::Invalid {
            name: "scan_nb",
            reason: InfoError::NotInteger(other.to_string()),
        },
    })
}

/// Returns the file that the identity of a scan names, if its info names none.
fn substitute_file<'a>(scan: &ScanDescription<'a>) -> Result<Option<&'a str>, LayoutError> {
    let published = scan.info.get("filename");
    let reason = match published {
        Some(Json::String(name)) if !name.is_empty() => return Ok(None),
        None | Some(Json::Null | Json::String(_)) => LayoutError::Missing("filename"),
        Some(_) => LayoutError::Invalid {
            name: "filename",
            reason: InfoError::NotText,
        },
    };
    match scan.path.filter(|path| !path.is_empty()) {
        Some(path) => Ok(Some(path)),
        None => Err(reason),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::source::DataModel;

    fn completed(info: &Json) -> Result<CompletedInfo, LayoutError> {
        complete(&ScanDescription {
            path: Some("/data/a.h5"),
            number: Some(7),
            ..ScanDescription::new(DataModel::Blissdata, info, &[])
        })
    }

    fn whole() -> Json {
        json!({"scan_nb": 1, "title": "ct", "start_time": "2026-11-23T01:27:26",
            "filename": "/data/b.h5", "name": "1_ct"})
    }

    #[test]
    fn a_whole_info_does_not_change() {
        let completed = completed(&whole()).unwrap();
        assert_eq!(completed.info, whole());
        assert!(!completed.is_provisional);
        assert_eq!(completed.notices, [""; 0]);
    }

    #[test]
    fn what_is_missing_is_replaced_with_a_message() {
        for (name, json, expected) in [
            ("scan_nb", json!(null), json!(7)),
            ("scan_nb", json!(7.5), json!(7)),
            ("scan_nb", json!("a/b"), json!(7)),
            ("scan_nb", json!(true), json!(7)),
            ("title", json!(null), json!("1_ct")),
            ("title", json!(""), json!("1_ct")),
            ("filename", json!(null), json!("/data/a.h5")),
            ("filename", json!(5), json!("/data/a.h5")),
            ("start_time", json!(""), json!("")),
        ] {
            let mut info = whole();
            info[name] = json;
            let completed = completed(&info).unwrap();
            assert_eq!(completed.info[name], expected, "{info}");
            assert!(completed.is_provisional, "{info}");
            assert!(completed.notices[0].contains(name), "{info}");
            assert_eq!(completed.notices.len(), 1);
        }
    }

    #[test]
    fn a_number_may_be_a_text() {
        let mut info = whole();
        info["scan_nb"] = json!("5");
        let completed = completed(&info).unwrap();
        assert_eq!(completed.info["scan_nb"], json!(5));
        assert_eq!(completed.notices, [""; 0]);
    }

    #[test]
    fn a_scan_without_number_or_file_has_no_layout() {
        let without = |name: &str| {
            let mut info = whole();
            info[name] = Json::Null;
            complete(&ScanDescription::new(DataModel::Node, &info, &[])).unwrap_err()
        };
        assert_eq!(without("scan_nb"), LayoutError::Missing("scan_nb"));
        assert_eq!(without("filename"), LayoutError::Missing("filename"));
    }

    #[test]
    fn members_of_another_kind_are_named() {
        let mut info = whole();
        info["positioners"] = json!([1]);
        info["data_dim"] = json!("2");
        info["devices"] = Json::Null;
        info["nexuswriter"] = json!([]);
        let completed = completed(&info).unwrap();
        assert!(!completed.is_provisional);
        assert_eq!(
            completed.notices,
            [
                "\"data_dim\" of the scan's info is no number: it is not used",
                "\"positioners\" of the scan's info is no mapping: it is not used"
            ]
        );
    }
}
