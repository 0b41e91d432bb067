//! Streams of JSON, of detectors and of sequences.

use serde_json::json;
use simulation::publish::{
    Lima2Definition, LimaDefinition, LimaFiles, ScanPublisher, StreamDefinition,
};
use testing::{data_store, redis_call};

use crate::common::{python, python_url};
use crate::{FLOAT, hex, identity};

#[tokio::test]
async fn json_detectors_and_sequences_arrive() {
    let (server, store) = data_store().await;
    let mut scan = ScanPublisher::create(&store, identity(), json!({}))
        .await
        .unwrap();
    let values = scan
        .add_stream("values", StreamDefinition::json())
        .await
        .unwrap();
    let sub = scan
        .add_stream("subscans", StreamDefinition::scan_sequence())
        .await
        .unwrap();
    let fallback = StreamDefinition::numeric(FLOAT, &[]).with("unit", "mm");
    let fallback = fallback.hdf5_fallback("/data/a.h5", "7.1/measurement/m0");
    let fallback = scan.add_stream("axis:m0", fallback).await.unwrap();
    let lima = LimaDefinition {
        dtype: "<u2".parse().unwrap(),
        shape: vec![20, 10],
        server_url: "id00/limaccds/simulator".to_owned(),
        buffer_max_number: 32,
        frame_per_acquisition: 7,
        files: Some(LimaFiles {
            file_path: "/data/cam_%04d.h5".to_owned(),
            data_path: Some("/entry_0000/data".to_owned()),
            file_format: "hdf5".to_owned(),
            file_offset: 1,
            frame_per_file: 3,
        }),
    };
    let camera = scan
        .add_stream("camera", StreamDefinition::lima(&lima))
        .await
        .unwrap();
    let again = StreamDefinition::lima(&LimaDefinition {
        files: None,
        ..lima
    });
    let again = scan.add_stream("again", again).await.unwrap();
    let lima2 = StreamDefinition::lima2(&Lima2Definition {
        dtype: "<u2".parse().unwrap(),
        shape: vec![512, 1024],
        acq_uuid: "7a5f0ab0-1111-4222-8333-0123456789ab".to_owned(),
        source_name: "frame".to_owned(),
        conductor: ("l2host".to_owned(), 58712),
        master_file: Some(("/data/master.h5".to_owned(), "/entry/data".to_owned())),
    });
    let lima2 = scan.add_stream("lima2", lima2).await.unwrap();
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    values
        .send_json(&json!({"a": [1, null, "µ"]}))
        .await
        .unwrap();
    values.send_json_text("[NaN]").await.unwrap();
    sub.send_scan(scan.key(), 8).await.unwrap();
    fallback.send(&1.5f64.to_ne_bytes(), 1).await.unwrap();
    camera.send_lima(3, 0).await.unwrap();
    camera.send_lima(10, 10).await.unwrap();
    again.send_lima(2, 0).await.unwrap();
    lima2.send(&12u32.to_le_bytes(), 1).await.unwrap();
    scan.stop().await.unwrap();

    let counter = redis_call(&server.url(), "GET id00/limaccds/simulator").await;
    assert_eq!(counter.as_int(), Some(1));
    let seen = python("read_scan.py", &[&python_url(&server), scan.key().as_str()]);
    let streams = &seen["streams"];
    assert_eq!(
        streams["values"]["text"],
        r#"[{"a": [1, null, "\u00b5"]}, [NaN]]"#
    );
    assert_eq!(
        streams["subscans"]["values"],
        json!([{"key": scan.key().as_str(), "scan_number": 8}])
    );
    assert_eq!(streams["subscans"]["plugin"], "scan_sequence");
    assert_eq!(streams["axis:m0"]["plugin"], "hdf5_fallback");
    assert_eq!(streams["axis:m0"]["info"]["unit"], "mm");
    assert_eq!(
        streams["axis:m0"]["points"][0]["bytes"],
        hex(&1.5f64.to_ne_bytes())
    );
    let camera = &streams["camera"];
    assert_eq!(
        (&camera["length"], &camera["shape"]),
        (&json!(10), &json!([20, 10]))
    );
    assert_eq!(camera["info"]["lima_info"]["acquisition_offset"], 0);
    assert_eq!(
        streams["again"]["info"]["lima_info"]["acquisition_offset"],
        1
    );
    let references = camera["references"].as_array().unwrap();
    assert_eq!(references.len(), 10);
    assert_eq!(
        references[6],
        json!(["/data/cam_0003.h5", "/entry_0000/data", 0])
    );
    assert_eq!(
        references[8],
        json!(["/data/cam_0004.h5", "/entry_0000/data", 1])
    );
    let lima2 = &streams["lima2"];
    assert_eq!(
        (&lima2["plugin"], &lima2["info"]["shape"]),
        (&json!("lima2"), &json!([512, 1024]))
    );
    assert_eq!(lima2["points"][0]["bytes"], hex(&12u32.to_le_bytes()));
}
