//! Streams that cannot be saved, or not completely, beside one that can.

use redis_client::{Command, Value};
use serde_json::{Value as Json, json};
use simulation::publish::{LimaDefinition, LimaFiles, ScanPublisher, StreamDefinition};

use crate::fixture::{Fixture, diode, end, floats, read, send, stream};

/// Adds an entry to a stream without its publisher.
async fn entry(fixture: &Fixture, stream: &str, index: u64, payload: &[u8]) {
    let command = Command::new("XADD")
        .arg(stream)
        .arg(format!("{index}-1"))
        .arg("payload")
        .arg(payload);
    assert!(matches!(
        fixture.store.call(&command).await.unwrap(),
        Value::Text(_)
    ));
}

/// Changes the document of a scan without its publisher.
async fn patch(fixture: &Fixture, scan: &ScanPublisher, path: &str, value: Json) {
    let command = Command::new("JSON.SET")
        .arg(scan.key().as_str())
        .arg(path)
        .arg(value.to_string());
    fixture.store.call(&command).await.unwrap();
}

fn warnings(report: &Json) -> Vec<&str> {
    report["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn streams_without_meaning_are_left_out_each_by_itself() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let names = ["diode", "dtype", "plugin", "json", "absent", "rank"];
    let children = names
        .iter()
        .map(|name| (name.to_string(), stream(name)))
        .collect();
    let mut scan = fixture.create(&file, Json::Object(children)).await;
    let good = diode(&mut scan).await;
    let mut others = Vec::new();
    for name in ["dtype", "plugin", "rank"] {
        others.push(scan.add_stream(name, floats()).await.unwrap());
    }
    let json = scan
        .add_stream("json", StreamDefinition::json())
        .await
        .unwrap();
    scan.prepare().await.unwrap();
    send(&good, &[0.0, 1.0, 2.0]).await;
    for other in &others {
        send(other, &[5.0]).await;
    }
    json.send_json_text(r#"{"a": NaN}"#).await.unwrap();
    scan.start().await.unwrap();
    scan.stop().await.unwrap();
    scan.close("SUCCESS").await.unwrap();
    let model = |name| format!(".data_streams.{name}");
    let dtype = json!({"type": "numeric", "dtype_str": "<U8", "shape": []});
    patch(
        &fixture,
        &scan,
        &format!("{}.encoding", model("dtype")),
        dtype,
    )
    .await;
    patch(
        &fixture,
        &scan,
        &format!("{}.info", model("plugin")),
        json!({"plugin": "zarr"}),
    )
    .await;
    let rank = json!({"type": "numeric", "dtype_str": "<f8", "shape": "square"});
    patch(
        &fixture,
        &scan,
        &format!("{}.encoding", model("rank")),
        rank,
    )
    .await;

    let saved = fixture.save(&[scan.key().as_str()]);
    let report = &saved.reports[0];
    assert_eq!(saved.status, Some(1), "{}", saved.log);
    assert_eq!(
        (&report["state"], &report["points"]),
        (&json!("INCOMPLETE"), &json!(4))
    );
    let warnings = warnings(report).join("\n");
    for text in [
        "dtype - ",
        "<U8",
        "plugin - unknown plugin \"zarr\"",
        "rank - ",
    ] {
        assert!(warnings.contains(text), "{text}: {warnings}");
    }
    assert!(warnings.contains(&format!(
        "missing stream 'absent', cannot save {}::/absent",
        file.display()
    )));
    let paths = ["diode", "dtype", "plugin", "json", "absent", "rank"];
    assert_eq!(
        read(&file, &paths),
        json!([[0.0, 1.0, 2.0], null, null, [r#"{"a": NaN}"#], null, null])
    );
}

#[tokio::test]
async fn holes_keep_their_length_and_are_reported() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let names = ["diode", "size", "gap", "front"];
    let children = names
        .iter()
        .map(|name| (name.to_string(), stream(name)))
        .collect();
    let mut scan = fixture.create(&file, Json::Object(children)).await;
    let good = diode(&mut scan).await;
    let mut keys = Vec::new();
    for name in ["size", "gap", "front"] {
        keys.push(
            scan.add_stream(name, floats())
                .await
                .unwrap()
                .key()
                .to_owned(),
        );
    }
    scan.prepare().await.unwrap();
    send(&good, &[0.0, 1.0, 2.0]).await;
    let point = 7.0f64.to_le_bytes();
    entry(&fixture, &keys[0], 0, &point).await;
    entry(&fixture, &keys[0], 1, b"short").await;
    entry(&fixture, &keys[0], 2, &point).await;
    entry(&fixture, &keys[1], 0, &point).await;
    entry(&fixture, &keys[1], 4, &point).await;
    entry(&fixture, &keys[2], 2, &point).await;
    let key = end(scan).await;

    let saved = fixture.save(&[key]);
    let report = &saved.reports[0];
    assert_eq!(saved.status, Some(1), "{}", saved.log);
    assert_eq!(report["state"], "INCOMPLETE");
    let warnings = warnings(report).join("\n");
    assert!(
        warnings.contains(r#"stream "size": points 1..2 are lost: their entry is corrupt"#),
        "{warnings}"
    );
    assert!(
        warnings.contains(r#"stream "gap": points 1..4 are lost"#),
        "{warnings}"
    );
    assert!(
        warnings.contains(r#"stream "front": points 0..2 are lost"#),
        "{warnings}"
    );
    let values = json!([
        [0.0, 1.0, 2.0],
        [7.0, "nan", 7.0],
        [7.0, "nan", "nan", "nan", 7.0],
        ["nan", "nan", 7.0]
    ]);
    assert_eq!(read(&file, &names), values);
}

#[tokio::test]
async fn detectors_without_usable_files_are_reported() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let children = json!({"diode": stream("diode"), "edf": stream("edf"), "none": stream("none")});
    let mut scan = fixture.create(&file, children).await;
    let good = diode(&mut scan).await;
    let lima = |format: Option<&str>| LimaDefinition {
        dtype: "<u2".parse().unwrap(),
        shape: vec![2, 4],
        server_url: "id00/limaccds/simulator".to_owned(),
        buffer_max_number: 8,
        frame_per_acquisition: 2,
        files: format.map(|format| LimaFiles {
            file_path: "/data/e_%04d.edf".to_owned(),
            data_path: None,
            file_format: format.to_owned(),
            file_offset: 0,
            frame_per_file: 1,
        }),
    };
    for (name, format) in [("edf", Some("edf")), ("none", None)] {
        let definition = StreamDefinition::lima(&lima(format));
        let camera = scan.add_stream(name, definition).await.unwrap();
        camera.send_lima(2, 2).await.unwrap();
    }
    scan.prepare().await.unwrap();
    send(&good, &[0.0, 1.0]).await;
    let saved = fixture.save(&[end(scan).await]);
    let report = &saved.reports[0];
    assert_eq!(report["state"], "INCOMPLETE", "{}", saved.log);
    let warnings = warnings(report).join("\n");
    assert!(
        warnings.contains(r#"edf - HDF5 cannot refer to frames in files of format "edf""#),
        "{warnings}"
    );
    assert!(warnings.contains("none - "), "{warnings}");
    assert_eq!(
        read(&file, &["diode", "edf", "none"]),
        json!([[0.0, 1.0], null, null])
    );
}

#[tokio::test]
async fn spectra_that_a_mosca_server_saves_are_referred_to() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let directory = file.parent().unwrap();
    let program = "
import sys, h5py, numpy
for number, rows in enumerate([2, 1]):
    with h5py.File(f'{sys.argv[1]}/xmap_spectra_{number:04d}.h5', 'w') as file:
        file['entry/spectra_03'] = 2 * number + numpy.arange(rows * 2, dtype='u4').reshape(rows, 2)
";
    let mut python = testing::python();
    testing::output(python.args(["-c", program]).arg(directory));
    let children = json!({"det3": stream("det3"), "lost": stream("lost")});
    let mut scan = fixture.create(&file, children).await;
    let mosca = |format: Json| {
        StreamDefinition::json()
            .with("plugin", "mosca")
            .with("dtype", "uint32")
            .with("shape", json!([2]))
            .with("detector", 3)
            .with("data_index", 0)
            .with(
                "mosca_info",
                json!({"server_url": "id00/mosca/xmap", "acq_id": 1, "protocol_version": 1,
                    "file_path": directory, "file_prefix": "xmap_", "data_path": "/entry",
                    "file_format": format, "points_per_file": 2, "saving_enabled": true,
                    "enabled_detectors": [3]}),
            )
    };
    let mut streams = Vec::new();
    for (name, format) in [("det3", json!("hdf5")), ("lost", json!(null))] {
        let definition = mosca(format);
        streams.push(scan.add_stream(name, definition).await.unwrap());
    }
    scan.prepare().await.unwrap();
    for stream in &streams {
        let status = json!({"last_read_index": 2, "last_saved_index": 2});
        stream.send_json(&status).await.unwrap();
    }
    let saved = fixture.save(&[end(scan).await]);
    let report = &saved.reports[0];
    assert_eq!(report["state"], "INCOMPLETE", "{}", saved.log);
    let warnings = warnings(report).join("\n");
    assert!(
        warnings.contains("lost - the detector does not save"),
        "{warnings}"
    );
    assert!(!warnings.contains("det3"), "{warnings}");
    assert_eq!(
        read(&file, &["det3", "lost"]),
        json!([[[0, 1], [2, 3], [2, 3]], null])
    );
}
