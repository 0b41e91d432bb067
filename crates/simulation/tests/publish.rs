//! What we publish is read by the genuine blissdata.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod common;

use acquisition::{DType, DTypeKind};
use blissdata::document::{ScanIdentity, ScanState};
use common::{ask, python, python_url, server, store};
use observation::with_causes;
use redis_client::{Command, Value};
use serde_json::json;
use simulation::publish::{
    Lima2Definition, LimaDefinition, LimaFiles, PublishError, ScanPublisher, StreamDefinition,
};

fn identity() -> ScanIdentity {
    ScanIdentity {
        name: "ascan".to_owned(),
        number: 7,
        data_policy: "ESRF".to_owned(),
        session: Some("demo".to_owned()),
        proposal: Some("blc15000".to_owned()),
        collection: Some("sample".to_owned()),
        dataset: Some("0001".to_owned()),
        path: Some("/data/visitor/demo/sample_0001.h5".to_owned()),
    }
}

const FLOAT: DType = DType {
    kind: DTypeKind::Float,
    size: 8,
    big_endian: cfg!(target_endian = "big"),
};

#[tokio::test]
async fn identity_info_and_states_arrive() {
    let (server, store) = store().await;
    let info = json!({"title": "a \"scan\" µ😀", "nan": f64::NAN, "big": u64::MAX, "pi": 0.1});
    let mut scan = ScanPublisher::create(&store, identity(), info)
        .await
        .unwrap();
    let read = || python("read_scan.py", &[&python_url(&server), scan.key().as_str()]);
    let seen = read();
    assert_eq!(seen["state"], "CREATED");
    assert_eq!(seen["last"], scan.key().as_str());
    assert_eq!(seen["found"], json!([scan.key().as_str()]));
    let expected = json!({
        "name": "ascan", "number": 7, "data_policy": "ESRF", "session": "demo",
        "proposal": "blc15000", "collection": "sample", "dataset": "0001",
        "path": "/data/visitor/demo/sample_0001.h5",
    });
    assert_eq!(seen["id"], expected);
    let info = json!({"title": "a \"scan\" µ😀", "nan": null, "big": u64::MAX, "pi": 0.1});
    assert_eq!(seen["info"], info);

    scan.info_mut()
        .insert("h5maps".to_owned(), json!({"/data/a.h5": {}}));
    scan.prepare().await.unwrap();
    let seen = python("read_scan.py", &[&python_url(&server), scan.key().as_str()]);
    assert_eq!(seen["state"], "PREPARED");
    assert_eq!(seen["info"]["h5maps"], json!({"/data/a.h5": {}}));

    scan.info_mut().insert("late".to_owned(), json!(1));
    scan.start().await.unwrap();
    let seen = python("read_scan.py", &[&python_url(&server), scan.key().as_str()]);
    assert_eq!(
        (&seen["state"], &seen["info"]["late"]),
        (&json!("STARTED"), &json!(null))
    );
    scan.stop().await.unwrap();
    scan.close("SUCCESS").await.unwrap();
    let seen = python("read_scan.py", &[&python_url(&server), scan.key().as_str()]);
    assert_eq!(
        (&seen["state"], &seen["info"]["late"]),
        (&json!("CLOSED"), &json!(1))
    );
    assert_eq!(seen["info"]["end_reason"], "SUCCESS");
}

#[tokio::test]
async fn numbers_of_every_type_and_byte_order_arrive() {
    let (server, store) = store().await;
    let mut scan = ScanPublisher::create(&store, identity(), json!({}))
        .await
        .unwrap();
    let types = [
        "|b1", "|i1", "|u1", "<i2", ">i2", "<i4", ">i4", "<i8", ">i8", "<u2", ">u2", "<u4", ">u4",
        "<u8", ">u8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "<f16", "<c8", ">c8", "<c16",
        ">c16", "<c32",
    ];
    let mut sent = Vec::new();
    for name in types {
        let dtype: DType = name.parse().unwrap();
        for shape in [&[][..], &[Some(2)], &[Some(2), Some(3)]] {
            let stream = format!("{name}{shape:?}");
            let definition = StreamDefinition::numeric(dtype, shape);
            let publisher = scan.add_stream(&stream, definition).await.unwrap();
            let size = dtype.size * shape.iter().map(|n| n.unwrap() as usize).product::<usize>();
            let bytes: Vec<u8> = match dtype.kind {
                DTypeKind::Bool => (0..3 * size).map(|i| (i % 2) as u8).collect(),
                _ => (0..3 * size).map(|i| i as u8).collect(),
            };
            sent.push((stream, name, publisher, size, bytes));
        }
    }
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    for (_, _, publisher, size, bytes) in &sent {
        publisher.send(&bytes[..*size], 1).await.unwrap();
        publisher.send(&bytes[*size..], 2).await.unwrap();
    }
    scan.stop().await.unwrap();

    let seen = python("read_scan.py", &[&python_url(&server), scan.key().as_str()]);
    for (name, dtype, publisher, size, bytes) in &sent {
        let stream = &seen["streams"][name];
        assert_eq!(stream["length"], 3, "{name}");
        assert_eq!(stream["sealed"], true, "{name}");
        assert_eq!(stream["key"], publisher.key(), "{name}");
        assert_eq!(stream["info"]["shape"], stream["shape"], "{name}");
        for (i, point) in stream["points"].as_array().unwrap().iter().enumerate() {
            assert_eq!(point["shape"], stream["shape"], "{name}");
            assert_eq!(
                point["bytes"],
                hex(&bytes[i * size..(i + 1) * size]),
                "{name}"
            );
            assert_eq!(point["dtype"], *dtype, "{name}");
        }
    }
}

#[tokio::test]
async fn numbers_of_varying_shape_arrive() {
    let (server, store) = store().await;
    let mut scan = ScanPublisher::create(&store, identity(), json!({}))
        .await
        .unwrap();
    let dtype: DType = "<u2".parse().unwrap();
    let spectra = StreamDefinition::numeric(dtype, &[None]);
    let spectra = scan.add_stream("spectra", spectra).await.unwrap();
    let images = StreamDefinition::numeric(dtype, &[None, Some(2)]);
    let images = scan.add_stream("images", images).await.unwrap();
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    let bytes: Vec<u8> = (0..=255).cycle().take(140_000).collect();
    spectra.send_shaped(&[2], &bytes[..4], 1).await.unwrap();
    spectra.send_shaped(&[3], &bytes[..12], 2).await.unwrap();
    spectra.send_shaped(&[70_000], &bytes, 1).await.unwrap();
    images
        .send_shaped(&[200, 2], &bytes[..1600], 2)
        .await
        .unwrap();
    let wrong = images
        .send_shaped(&[2, 3], &bytes[..12], 1)
        .await
        .unwrap_err();
    assert!(matches!(wrong, PublishError::Data { .. }), "{wrong}");
    scan.close("SUCCESS").await.unwrap();

    let seen = python("read_scan.py", &[&python_url(&server), scan.key().as_str()]);
    let expected = [
        (2, &bytes[..4]),
        (3, &bytes[..6]),
        (3, &bytes[6..12]),
        (70_000, &bytes[..]),
    ];
    let points = seen["streams"]["spectra"]["points"].as_array().unwrap();
    assert_eq!(points.len(), expected.len());
    for (point, (shape, bytes)) in points.iter().zip(expected) {
        assert_eq!(
            (&point["shape"], &point["bytes"]),
            (&json!([shape]), &json!(hex(bytes)))
        );
    }
    let images = &seen["streams"]["images"];
    assert_eq!(images["shape"], json!([-1, 2]));
    assert_eq!(images["points"][1]["shape"], json!([200, 2]));
    assert_eq!(images["points"][1]["bytes"], hex(&bytes[800..1600]));
}

#[tokio::test]
async fn json_detectors_and_sequences_arrive() {
    let (server, store) = store().await;
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

    let counter = ask(&server.url(), "GET id00/limaccds/simulator").await;
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

#[tokio::test]
async fn many_points_arrive_in_order() {
    let (server, store) = store().await;
    let mut scan = ScanPublisher::create(&store, identity(), json!({}))
        .await
        .unwrap();
    let mut streams = Vec::new();
    for name in ["a", "b", "c"] {
        let definition = StreamDefinition::numeric(FLOAT, &[]);
        streams.push(scan.add_stream(name, definition).await.unwrap());
    }
    scan.prepare().await.unwrap();
    for i in 0..20_000 {
        for stream in &streams {
            stream.send(&f64::from(i).to_ne_bytes(), 1).await.unwrap();
        }
    }
    for stream in &streams {
        assert_eq!(stream.seal().await.unwrap(), 20_000);
        let last = ask(
            &server.url(),
            &format!("XREVRANGE {} 19999 - COUNT 1", stream.key()),
        )
        .await;
        let fields = last.as_array().unwrap()[0].as_array().unwrap()[1]
            .as_array()
            .unwrap();
        assert_eq!(fields[1].as_bytes().unwrap()[..], 19999f64.to_ne_bytes());
    }
}

#[tokio::test]
async fn what_redis_refuses_is_told() {
    let (server, store) = store().await;
    let mut scan = ScanPublisher::create(&store, identity(), json!({}))
        .await
        .unwrap();
    let numbers = StreamDefinition::numeric(FLOAT, &[]);
    let good = scan.add_stream("good", numbers.clone()).await.unwrap();
    let bad = scan.add_stream("bad", numbers.clone()).await.unwrap();
    let twice = scan.add_stream("bad", numbers).await.err().unwrap();
    assert!(
        matches!(twice, PublishError::DuplicateStream { .. }),
        "{twice}"
    );
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    let early = scan.prepare().await.unwrap_err();
    assert!(matches!(early, PublishError::Transition { .. }), "{early}");

    // Another publisher is ahead on the same stream.
    ask(
        &server.url(),
        &format!("XADD {} 0-1 payload 0123456701234567 len 2", bad.key()),
    )
    .await;
    for stream in [&good, &bad] {
        stream.send(&[0; 8], 1).await.unwrap();
    }
    let error = scan.stop().await.unwrap_err();
    assert!(
        error.to_string().contains("stream bad of scan esrf:scan:"),
        "{error}"
    );
    assert_eq!(scan.state(), ScanState::Started);
    assert!(scan.close("FAILURE").await.is_err());
    let seen = python("read_scan.py", &[&python_url(&server), scan.key().as_str()]);
    assert_eq!(seen["state"], "CLOSED");
    assert_eq!(seen["streams"]["good"]["length"], 1);
    assert_eq!(seen["streams"]["bad"]["length"], 2);
    let sealed = good.send(&[0; 8], 1).await.unwrap_err();
    assert!(matches!(sealed, PublishError::Sealed { .. }), "{sealed}");
}

#[tokio::test]
async fn a_full_server_changes_nothing() {
    let (server, store) = store().await;
    let mut scan = ScanPublisher::create(&store, identity(), json!({}))
        .await
        .unwrap();
    ask(&server.url(), "CONFIG SET maxmemory 1").await;
    let error = scan.prepare().await.unwrap_err();
    let shown = with_causes(&error);
    assert!(shown.contains("cannot be prepared: OOM"), "{shown}");
    assert_eq!(scan.state(), ScanState::Created);
    ask(&server.url(), "CONFIG SET maxmemory 0").await;
    scan.prepare().await.unwrap();
    assert_eq!(scan.state(), ScanState::Prepared);
}

#[tokio::test]
async fn seals_without_the_function_too() {
    let (server, store) = store().await;
    ask(&server.url(), "FUNCTION FLUSH").await;
    let mut scan = ScanPublisher::create(&store, identity(), json!({}))
        .await
        .unwrap();
    let numbers = StreamDefinition::numeric(FLOAT, &[]);
    let stream = scan.add_stream("diode", numbers.clone()).await.unwrap();
    let empty = scan.add_stream("empty", numbers).await.unwrap();
    scan.prepare().await.unwrap();
    stream.send(&[0; 24], 3).await.unwrap();
    assert_eq!(stream.seal().await.unwrap(), 3);
    assert_eq!(empty.seal().await.unwrap(), 0);
    assert_eq!(stream.seal().await.unwrap(), 3);
    scan.close("SUCCESS").await.unwrap();
    let seen = python("read_scan.py", &[&python_url(&server), scan.key().as_str()]);
    assert_eq!(seen["streams"]["diode"]["length"], 3);
    assert_eq!(seen["streams"]["empty"]["length"], 0);
    assert_eq!(seen["streams"]["empty"]["sealed"], true);
}

#[tokio::test]
async fn info_has_a_limit() {
    let (_server, store) = store().await;
    // `{"t": "..."}` with one character too many, the last of which takes six.
    let text = "x".repeat((1 << 20) - 9 - 5) + "µ";
    let error = ScanPublisher::create(&store, identity(), json!({"t": text}))
        .await
        .err()
        .unwrap();
    assert!(matches!(error, PublishError::Info { .. }), "{error}");
    let text = "x".repeat((1 << 20) - 9 - 6) + "µ";
    assert!(
        ScanPublisher::create(&store, identity(), json!({"t": text}))
            .await
            .is_ok()
    );
    let error = ScanPublisher::create(&store, identity(), json!([]))
        .await
        .err()
        .unwrap();
    assert!(matches!(error, PublishError::Info { .. }), "{error}");
}

#[tokio::test]
async fn nothing_is_published_in_a_store_that_is_none() {
    let server = server().await;
    let store = blissdata::store::DataStore::new(&server.url());
    let error = ScanPublisher::create(&store, identity(), json!({}))
        .await
        .err()
        .unwrap();
    assert!(error.to_string().contains("not initialised"), "{error}");
    assert_eq!(ask(&server.url(), "DBSIZE").await, Value::Int(0));
}

#[tokio::test]
async fn wrong_sizes_are_refused() {
    let (_server, store) = store().await;
    let mut scan = ScanPublisher::create(&store, identity(), json!({}))
        .await
        .unwrap();
    let pair = StreamDefinition::numeric(FLOAT, &[Some(2)]);
    let stream = scan.add_stream("pair", pair).await.unwrap();
    for (size, points) in [(15, 1), (16, 0), (0, 0), (0, 1), (32, 1), (16, u64::MAX)] {
        let error = stream.send(&vec![0; size], points).await.unwrap_err();
        assert!(
            matches!(error, PublishError::Data { .. }),
            "{size} {points}: {error}"
        );
    }
    assert!(stream.send_json(&json!(1)).await.is_err());
    assert!(stream.send_shaped(&[2], &[0; 16], 1).await.is_err());
    let zero = StreamDefinition::numeric(FLOAT, &[Some(0)]);
    assert!(scan.add_stream("zero", zero).await.is_err());
    assert!(stream.is_empty().await);
    let exists = Command::new("EXISTS").arg(stream.key());
    assert_eq!(store.call(&exists).await.unwrap(), Value::Int(0));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
