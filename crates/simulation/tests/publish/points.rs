//! Points of all types and shapes.

use acquisition::{DType, DTypeKind};
use redis_client::{Command, Value};
use serde_json::json;
use simulation::publish::{PublishError, ScanPublisher, StreamDefinition};
use testing::{data_store, redis_call};

use crate::common::{python, python_url};
use crate::{FLOAT, hex, identity};

#[tokio::test]
async fn numbers_of_every_type_and_byte_order_arrive() {
    let (server, store) = data_store().await;
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
    let (server, store) = data_store().await;
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
async fn many_points_arrive_in_order() {
    let (server, store) = data_store().await;
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
        let last = redis_call(
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
async fn wrong_sizes_are_refused() {
    let (_server, store) = data_store().await;
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
