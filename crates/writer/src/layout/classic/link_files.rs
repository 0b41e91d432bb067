//! The file of a scan, and the link files: files that hold only links to its entries.
//!
//! The rules and names are those of `blisswriter` 2.0.0, which calls them master files.

use serde_json::Value as Json;

use super::paths::{relative, relative_file, same_file, split, split_extension};
use super::subscan::Subscan;
use super::tree_builder::TreeBuilder;
use crate::layout::info::is_truthy;
use crate::layout::{EntryLink, InfoError, LayoutError};
use crate::options::SaveOptions;

/// The level whose links have the names of the entries. Links of other levels begin with the name
/// of the file.
const DATASET: &str = "dataset";

/// Returns the file that holds the data of a scan: `info["filename"]`. If scans have separate
/// files, it is `bliss_master` in the directory of the scan's images, as far as that is the same
/// for all detectors.
///
/// # Errors
/// Returns an error if the info has no file name, or one that is not valid.
pub fn scan_file(info: &Json) -> Result<String, LayoutError> {
    let filename = match info.get("filename") {
        Some(Json::String(name)) if !name.is_empty() => name,
        None | Some(Json::Null | Json::String(_)) => return Err(LayoutError::Missing("filename")),
        Some(_) => return Err(invalid("filename", InfoError::NotText)),
    };
    check_file(filename).map_err(|reason| invalid("filename", reason))?;
    let separate = info
        .get("writer_options")
        .and_then(|options| options.get("separate_scan_files"));
    let images = info.get("images_path").and_then(Json::as_str);
    let Some(images) = images.filter(|path| is_truthy(separate) && !path.is_empty()) else {
        return Ok(filename.clone());
    };
    check_text(images).map_err(|reason| invalid("images_path", reason))?;
    let (directory, name) = split(filename);
    let way = relative(images, directory);
    let parts = way
        .split('/')
        .take_while(|part| !part.contains('{'))
        .filter(|part| *part != ".");
    let extension = split_extension(name).1;
    let master = format!("bliss_master{extension}");
    let parts: Vec<&str> = parts.chain([master.as_str()]).collect();
    Ok(format!("{directory}/{}", parts.join("/")))
}

/// Returns the links to all entries, in all link files.
pub fn entry_links(
    info: &Json,
    file: &str,
    subscans: &[Subscan],
    options: &SaveOptions,
) -> Vec<EntryLink> {
    let stem = split_extension(split(file).1).0;
    let mut links: Vec<EntryLink> = Vec::new();
    for (level, master) in link_files(info, file, options).into_iter().flatten() {
        for Subscan { entry, .. } in subscans {
            let name = match level.as_str() {
                DATASET => entry.clone(),
                _ => format!("{stem}_{entry}"),
            };
            let link = EntryLink {
                target_file: relative_file(file, &master),
                target: format!("/{entry}"),
                file: master.clone(),
                name,
            };
            // Levels may share a file, which needs the link only once.
            if !links.contains(&link) {
                links.push(link);
            }
        }
    }
    links
}

/// Adds a notice for each link file that is not valid.
pub fn build(builder: &mut TreeBuilder, info: &Json, file: &str, options: &SaveOptions) {
    for problem in link_files(info, file, options) {
        if let Err(problem) = problem {
            builder.notice("", problem);
        }
    }
}

/// Why a link file is left out.
#[derive(Debug, thiserror::Error)]
enum LinkFileError {
    #[error("the master files are no mapping, none is made")]
    NoMapping,
    #[error("the master file {level:?} is left out: its name {reason}")]
    Name { level: String, reason: InfoError },
}

/// Returns the level and name of each link file, or why it is left out.
fn link_files(
    info: &Json,
    file: &str,
    options: &SaveOptions,
) -> Vec<Result<(String, String), LinkFileError>> {
    let configured = info
        .get("nexuswriter")
        .and_then(Json::as_object)
        .filter(|members| options.configurable && !members.is_empty());
    let Some(configured) = configured else {
        let dataset = info.get("filename").and_then(Json::as_str);
        return dataset
            .filter(|name| !same_file(name, file))
            .map(|name| Ok((DATASET.to_owned(), name.to_owned())))
            .into_iter()
            .collect();
    };
    let masters = match configured.get("masterfiles") {
        None | Some(Json::Null) => return Vec::new(),
        Some(Json::Object(masters)) => masters,
        Some(_) => {
            return vec![Err(LinkFileError::NoMapping)];
        }
    };
    masters
        .iter()
        .filter_map(|(level, master)| {
            let master = master
                .as_str()
                .ok_or(InfoError::NotText)
                .and_then(|master| {
                    check_file(master)?;
                    match master.starts_with('/') {
                        true => Ok(master),
                        false => Err(InfoError::NotAbsolute),
                    }
                });
            match master {
                // The file of the scan has the entries themselves.
                Ok(master) if same_file(master, file) => None,
                Ok(master) => Some(Ok((level.clone(), master.to_owned()))),
                Err(reason) => Some(Err(LinkFileError::Name {
                    level: level.clone(),
                    reason,
                })),
            }
        })
        .collect()
}

fn check_file(name: &str) -> Result<(), InfoError> {
    match split(name).1 {
        "" | "." | ".." => Err(InfoError::NotFile),
        _ => check_text(name),
    }
}

fn check_text(name: &str) -> Result<(), InfoError> {
    match name.contains('\0') {
        true => Err(InfoError::NulCharacter),
        false => Ok(()),
    }
}

fn invalid(name: &'static str, reason: InfoError) -> LayoutError {
    LayoutError::Invalid { name, reason }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn subscans(entries: &[&str]) -> Vec<Subscan> {
        let subscan = |entry: &&str| Subscan {
            name: "axis".to_owned(),
            entry: (*entry).to_owned(),
            channels: Vec::new(),
            device_groups: Vec::new(),
            notices: Vec::new(),
        };
        entries.iter().map(subscan).collect()
    }

    fn separate(images: &str) -> Json {
        json!({
            "filename": "/d/sample_0001/sample_0001.h5",
            "images_path": images,
            "writer_options": {"separate_scan_files": true},
        })
    }

    #[test]
    fn a_scan_is_saved_where_it_says() {
        let file = scan_file(&json!({"filename": "/d/a.h5", "images_path": "/d/scan0001/"}));
        assert_eq!(file.as_deref(), Ok("/d/a.h5"));
    }

    #[test]
    fn a_scan_without_a_file_name_has_no_layout() {
        for info in [
            json!({}),
            json!({"filename": null}),
            json!({"filename": ""}),
        ] {
            assert_eq!(scan_file(&info), Err(LayoutError::Missing("filename")));
        }
        for info in [
            json!({"filename": 3}),
            json!({"filename": "/d/"}),
            json!({"filename": "/\0"}),
        ] {
            let invalid = matches!(scan_file(&info), Err(LayoutError::Invalid { .. }));
            assert!(invalid, "{info}");
        }
    }

    #[test]
    fn separate_scans_lie_with_their_images() {
        let file = |images: &str| scan_file(&separate(images)).unwrap();
        let scan = "/d/sample_0001/scan0005/bliss_master.h5";
        assert_eq!(file("/d/sample_0001/scan0005/{img_acq_device}_"), scan);
        assert_eq!(file("/d/sample_0001//scan0005/{img}/more"), scan);
        assert_eq!(
            file("/d/sample_0001/{img}"),
            "/d/sample_0001/bliss_master.h5"
        );
        assert_eq!(file("/d/sample_0001"), "/d/sample_0001/bliss_master.h5");
        assert_eq!(
            file("/d/x/cam_"),
            "/d/sample_0001/../x/cam_/bliss_master.h5"
        );
        assert_eq!(file(""), "/d/sample_0001/sample_0001.h5");
    }

    #[test]
    fn link_files_have_links_to_all_entries() {
        let info = json!({"filename": "/r/c/s/s.h5", "nexuswriter": {"masterfiles": {
            "dataset_collection": "/r/c/c.h5", "proposal": "/r/c/s/p.h5"}}});
        let links = entry_links(
            &info,
            "/r/c/s/s.h5",
            &subscans(&["3.1", "3.2"]),
            &SaveOptions::default(),
        );
        let link = |file: &str, entry: &str, target_file: &str| EntryLink {
            file: file.to_owned(),
            name: format!("s_{entry}"),
            target_file: target_file.to_owned(),
            target: format!("/{entry}"),
        };
        assert_eq!(
            links,
            [
                link("/r/c/c.h5", "3.1", "s/s.h5"),
                link("/r/c/c.h5", "3.2", "s/s.h5"),
                link("/r/c/s/p.h5", "3.1", "./s.h5"),
                link("/r/c/s/p.h5", "3.2", "./s.h5"),
            ]
        );
    }

    #[test]
    fn a_separate_scan_is_linked_in_the_file_of_its_dataset() {
        let info = separate("/d/sample_0001/scan0005/{img}");
        let file = scan_file(&info).unwrap();
        let links = entry_links(&info, &file, &subscans(&["5.1"]), &SaveOptions::default());
        assert_eq!(
            links,
            [EntryLink {
                file: "/d/sample_0001/sample_0001.h5".to_owned(),
                name: "5.1".to_owned(),
                target_file: "scan0005/bliss_master.h5".to_owned(),
                target: "/5.1".to_owned(),
            }]
        );
    }

    #[test]
    fn invalid_link_files_are_left_out_with_a_notice() {
        let info = json!({"filename": "/r/s.h5", "nexuswriter": {"masterfiles": {
            "dataset": "/r/./s.h5", "number": 3, "relative": "c.h5", "directory": "/r/",
            "good": "/r/c.h5"}}});
        let options = SaveOptions::default();
        let files = link_files(&info, "/r/s.h5", &options);
        assert_eq!(files.iter().filter(|file| file.is_err()).count(), 3);
        let links = entry_links(&info, "/r/s.h5", &subscans(&["1.1"]), &options);
        assert_eq!(links.len(), 1);
        assert_eq!(links[0].file, "/r/c.h5");
    }
}
