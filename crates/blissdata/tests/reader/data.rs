//! What publishers send arrives as it was sent.

use blissdata::document::ScanState;
use blissdata::encoding::Encoding;
use blissdata::reader::{LossReason, ReadError};
use blissdata::stream_kind::{SequencedScan, StreamKind};
use serde_json::json;

use crate::support::{Peers, follow_all, key, read_all, read_until};

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

#[tokio::test]
async fn numbers_of_every_type_and_byte_order() {
    let peers = Peers::start().await;
    let (_publisher, answer) = peers.publish("every_dtype");
    let mut reader = peers.open(&answer).await;
    follow_all(&mut reader);
    let received = read_all(&mut reader).await;
    let expected = answer["expected"].as_object().unwrap();
    assert_eq!(expected.len(), 87);
    for (name, expected) in expected {
        let Ok(Encoding::Numeric { dtype, .. }) = reader.document().streams[name].encoding else {
            panic!("{name} has no numbers");
        };
        assert_eq!(dtype.to_string(), expected["dtype"].as_str().unwrap());
        let received_stream = received.stream(name);
        assert_eq!(
            received_stream.data(),
            hex(expected["data"].as_str().unwrap()),
            "{name}"
        );
        assert_eq!(
            (received_stream.end, received_stream.lost.len()),
            (Some((5, true)), 0),
            "{name}"
        );
    }
    assert_eq!(reader.document().info["end_reason"], "SUCCESS");
    assert_eq!(reader.document().id.number, 7);
}

#[tokio::test]
async fn shapes_that_change() {
    let peers = Peers::start().await;
    let (_publisher, answer) = peers.publish("variable");
    let mut reader = peers.open(&answer).await;
    follow_all(&mut reader);
    let received = read_all(&mut reader).await;
    let sent: Vec<(Vec<u64>, u64, Vec<u8>)> = answer["spectrum"]
        .as_array()
        .unwrap()
        .iter()
        .map(|block| {
            let shape = serde_json::from_value(block[0].clone()).unwrap();
            (
                shape,
                block[1].as_u64().unwrap(),
                hex(block[2].as_str().unwrap()),
            )
        })
        .collect();
    let spectrum = received.stream("spectrum");
    assert_eq!(
        spectrum.data(),
        sent.iter()
            .flat_map(|block| block.2.clone())
            .collect::<Vec<u8>>()
    );
    let mut first = 0;
    for (shape, count, _) in sent {
        let block = spectrum
            .blocks
            .iter()
            .rfind(|block| block.0 <= first)
            .unwrap();
        assert_eq!(block.2.as_ref(), Some(&shape));
        first += count;
    }
    assert_eq!(spectrum.end, Some((first, true)));
    let image = received.stream("image");
    assert_eq!(image.blocks[0].2, Some(vec![3, 2]));
    assert_eq!(
        image.data(),
        (0..6)
            .flat_map(|n| (n as f32).to_be_bytes())
            .collect::<Vec<u8>>()
    );
}

#[tokio::test]
async fn json_of_python() {
    let peers = Peers::start().await;
    let (_publisher, answer) = peers.publish("json_values");
    let mut reader = peers.open(&answer).await;
    follow_all(&mut reader);
    let received = read_all(&mut reader).await;
    let expected = [
        json!({"a": 1, "b": [null, true]}),
        json!([1, 2]),
        json!({"nan": null}),
        json!("µ"),
        json!(3),
    ];
    assert_eq!(received.stream("events").values, expected);
    assert_eq!(received.stream("events").end, Some((5, true)));
}

#[tokio::test]
async fn detectors_report_their_progress() {
    let peers = Peers::start().await;
    let (mut publisher, answer) = peers.publish("detectors");
    let mut reader = peers.open(&answer).await;
    follow_all(&mut reader);
    let mut received = Default::default();
    let seen = |received: &crate::support::ReceivedEvents, name: &str| {
        received
            .streams
            .get(name)
            .and_then(|received_stream| received_stream.frames.last().copied())
    };
    read_until(&mut reader, &mut received, |received| {
        seen(received, "cam:image") == Some((10, 6))
            && seen(received, "eiger:frame") == Some((7, 7))
    })
    .await;
    publisher.step();
    read_until(&mut reader, &mut received, |received| {
        received.states.contains(&ScanState::Closed)
    })
    .await;
    while !reader.finished() {
        let events = reader.next().await.unwrap();
        received.add(&reader, events);
    }
    assert_eq!(seen(&received, "cam:image"), Some((10, 10)));
    assert_eq!(received.stream("cam:image").end, Some((10, true)));
    assert_eq!(seen(&received, "eiger:frame"), Some((12, 12)));
    assert_eq!(received.stream("eiger:frame").end, Some((12, true)));
    assert_eq!(received.stream("idle:image").end, Some((0, true)));

    let kind = |name: &str| reader.document().streams[name].kind.clone().unwrap();
    let StreamKind::Frames { files: lima, .. } = kind("cam:image") else {
        panic!("no lima stream")
    };
    let sources = lima.sources(0..10).unwrap();
    let rows: Vec<(&str, u64)> = sources
        .iter()
        .map(|s| (s.file.as_str(), s.frames))
        .collect();
    let file = |n| format!("/data/visitor/demo/scan0007/cam_000{n}.h5");
    assert_eq!(rows, [(file(0).as_str(), 4), (&file(1), 4), (&file(2), 2)]);
    let StreamKind::MasterFile { file, .. } = kind("eiger:frame") else {
        panic!("no lima2 stream")
    };
    assert_eq!(file.unwrap().file, "/data/x/master.h5");
}

#[tokio::test]
async fn sequences_name_their_scans() {
    let peers = Peers::start().await;
    let (_publisher, answer) = peers.publish("sequence");
    let mut reader = peers.open(&answer).await;
    assert!(matches!(
        reader.document().streams["subscans"].kind,
        Ok(StreamKind::ScanSequence)
    ));
    follow_all(&mut reader);
    let received = read_all(&mut reader).await;
    let sub = SequencedScan::parse(&received.stream("subscans").values[0]).unwrap();
    assert_eq!(
        (sub.key.as_str(), sub.number),
        (answer["child"].as_str().unwrap(), Some(7))
    );
}

#[tokio::test]
async fn resumes_from_any_point() {
    let peers = Peers::start().await;
    let (_publisher, answer) = peers.publish("batches");
    for from in 0..=33 {
        let mut reader = peers.open(&answer).await;
        reader.follow("x", from).unwrap();
        let received = read_all(&mut reader).await;
        let received_stream = received.stream("x");
        assert_eq!(
            received_stream.ints(),
            (from as i32..33).collect::<Vec<i32>>(),
            "from {from}"
        );
        assert_eq!(
            (received_stream.end, &received_stream.lost),
            (Some((33, true)), &vec![]),
            "from {from}"
        );
        assert!(
            received_stream
                .blocks
                .first()
                .is_none_or(|block| block.0 == from)
        );
    }
    // More points on disk than there ever were.
    let mut reader = peers.open(&answer).await;
    reader.follow("x", 40).unwrap();
    let received = read_all(&mut reader).await;
    let inconsistent = (40, 0, LossReason::InconsistentSeal { declared: 33 });
    assert_eq!(received.stream("x").lost, [inconsistent]);
}

#[tokio::test]
async fn large_streams_arrive_whole_in_bounded_pieces() {
    let peers = Peers::start().await;
    let (_publisher, answer) = peers.publish("bulk");
    let mut reader = peers.open(&answer).await;
    follow_all(&mut reader);
    let mut received = crate::support::ReceivedEvents::default();
    let mut greatest = 0;
    while !reader.finished() {
        let events = reader.next().await.unwrap();
        let bytes = |event: &blissdata::reader::ReaderEvent| match event {
            blissdata::reader::ReaderEvent::Points(block) => block.data.len(),
            _ => 0,
        };
        greatest = greatest.max(events.iter().map(bytes).sum());
        received.add(&reader, events);
    }
    assert!(greatest < 9 << 20, "{greatest} bytes at once");
    for scalar in ["s0", "s1", "s2", "s3"] {
        let expected: Vec<u8> = (0..3000).flat_map(|n| f64::from(n).to_le_bytes()).collect();
        assert_eq!(received.stream(scalar).data(), expected);
    }
    let spectrum: Vec<u8> = (0..1200u32)
        .flat_map(|n| n.to_le_bytes().repeat(2000))
        .collect();
    assert!(received.stream("spectrum").data() == spectrum);
    let image: Vec<u8> = (0..4u16)
        .flat_map(|n| n.to_le_bytes().repeat(1_500_000))
        .collect();
    for name in ["image0", "image1", "image2"] {
        assert!(received.stream(name).data() == image);
    }
    assert!(
        received
            .streams
            .values()
            .all(|received_stream| received_stream.end.is_some_and(|(_, sealed)| sealed))
    );
}

#[tokio::test]
async fn unsupported_streams_are_refused_at_once() {
    let peers = Peers::start().await;
    let (_publisher, answer) = peers.publish("batches");
    let mut reader = peers.open(&answer).await;
    assert!(matches!(
        reader.follow("y", 0),
        Err(ReadError::UnknownStream { .. })
    ));
    reader.follow("x", 0).unwrap();
    assert!(matches!(
        reader.follow("x", 0),
        Err(ReadError::AlreadyFollowed { .. })
    ));
    let error = reader.follow("y", 0).unwrap_err().to_string();
    assert_eq!(error, format!("scan {} has no stream \"y\"", key(&answer)));
}
