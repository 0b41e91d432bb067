//! Files to which the master file of a detector leads.

use std::path::Path;

use nexus::h5::{self, Group};
use nexus::tree::{ByteOrder, ElementType, Hyperslab, Value, VirtualSource};
use serde_json::json;
use simulation::publish::{LimaDefinition, LimaFiles, StreamDefinition};

use super::{Saved, message};
use crate::fixture::{Fixture, end};

const PIXEL: ElementType = ElementType::Uint(2, ByteOrder::Little);

/// Writes a file with two frames of 2 x 3 pixels, which count from `first`.
fn write_frames(path: &Path, first: u16) {
    let file = h5::File::create(path).unwrap();
    let entry = file.root().unwrap().create_group("entry").unwrap();
    let value = Value::Numbers {
        element: PIXEL,
        shape: vec![2, 2, 3],
        bytes: (first..first + 12).flat_map(u16::to_le_bytes).collect(),
    };
    entry.create_value("data", &value).unwrap();
    file.close().unwrap();
}

/// Adds a dataset of the frames of these files.
fn create_virtual(group: &Group, name: &str, files: &[&str]) {
    let part = |first: u64| Hyperslab {
        start: vec![first, 0, 0],
        stride: None,
        count: vec![2, 2, 3],
        block: None,
    };
    let sources = files.iter().zip((0..).step_by(2));
    let sources: Vec<_> = sources
        .map(|(file, first)| VirtualSource {
            target: part(first),
            file: (*file).to_owned(),
            dataset: "/entry/data".to_owned(),
            selection: part(0),
        })
        .collect();
    let frames = 2 * files.len() as u64;
    let options = h5::VirtualOptions {
        element: &PIXEL,
        shape: &[frames, 2, 3],
        max_shape: &[Some(frames), Some(2), Some(3)],
        sources: &sources,
        fill: None,
    };
    group.create_virtual(name, &options).unwrap();
}

/// Saves a scan with four frames, of which only the master file is announced.
async fn save() -> Saved {
    const FILES: [&str; 2] = ["eiger_0000_data_000001.h5", "eiger_0000_data_000002.h5"];
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    for (file, first) in FILES.into_iter().chain(["secret.h5"]).zip([0, 100, 200]) {
        write_frames(&fixture.file(file), first);
    }
    let master = h5::File::create(&fixture.file("eiger_0000_master.h5")).unwrap();
    let entry = master.root().unwrap().create_group("entry").unwrap();
    create_virtual(&entry, "data", &FILES);
    create_virtual(&entry, "foreign", &["secret.h5"]);
    let foreign = fixture.file("secret.h5");
    for (name, file) in [
        ("data_000001", Path::new(FILES[0])),
        ("data_000002", Path::new("secret.h5")),
        ("data_000003", &foreign),
    ] {
        entry
            .create_external_link(name, file, "/entry/data")
            .unwrap();
    }
    master.close().unwrap();

    let file = fixture.file("scans.h5");
    let streams = ["eiger:image"];
    let mut scan = fixture.create("demo", &file, 1, json!({}), &streams).await;
    let definition = StreamDefinition::lima(&LimaDefinition {
        dtype: "<u2".parse().unwrap(),
        shape: vec![2, 3],
        server_url: "id00/lima/eiger".to_owned(),
        buffer_max_number: 100,
        frame_per_acquisition: 4,
        files: Some(LimaFiles {
            file_path: fixture.file("eiger_%04d_master.h5").display().to_string(),
            data_path: Some("/entry/data".to_owned()),
            file_format: "hdf5".to_owned(),
            file_offset: 0,
            frame_per_file: 4,
        }),
    });
    let eiger = scan.add_stream("eiger:image", definition).await.unwrap();
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    eiger.send_lima(4, 4).await.unwrap();
    eiger.settle().await.unwrap();
    end(scan).await;
    Saved::of(fixture, watched, file)
}

#[tokio::test]
async fn a_master_file_leads_to_the_files_of_its_series_only() {
    let saved = save().await;
    saved.change(|root| {
        let master = Path::new("eiger_0000_master.h5");
        for name in ["data_000001", "data_000002", "data_000003", "foreign"] {
            let target = format!("/entry/{name}");
            root.create_external_link(name, master, &target).unwrap();
        }
    });
    // Each frame is in a file that the master file names.
    let last = saved.json("data", "/eiger_image", "&selection=3,1");
    assert_eq!(last, json!([109, 110, 111]));
    let first = saved.json("data", "/data_000001", "&selection=0,0");
    assert_eq!(first, json!([0, 1, 2]));
    for name in ["data_000002", "data_000003", "foreign"] {
        let data = saved.ask("data", &format!("/{name}"), "");
        assert_eq!(data.status, 403, "{name}: {}", data.body);
        assert!(message(&data).contains("not shown here"), "{}", data.body);
    }
    saved.watched.end();
}
