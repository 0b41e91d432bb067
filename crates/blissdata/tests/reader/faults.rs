//! What is wrong with one stream or entry stays there.

use blissdata::reader::{LossReason, ReadError, ScanReader};
use serde_json::json;

use crate::support::{Peers, ReceivedEvents, follow_all, key, read_all};

#[tokio::test]
async fn broken_streams_leave_the_others_alone() {
    let peers = Peers::start().await;
    let (_publisher, answer) = peers.publish("broken_streams");
    let mut reader = peers.open(&answer).await;
    let mut refused = Vec::new();
    for name in reader
        .document()
        .streams
        .keys()
        .cloned()
        .collect::<Vec<_>>()
    {
        if let Err(error) = reader.follow(&name, 0) {
            assert!(error.to_string().contains(&format!("{name:?}")), "{error}");
            refused.push((name, matches!(error, ReadError::Kind { .. })));
        }
    }
    let refused: Vec<(&str, bool)> = refused
        .iter()
        .map(|(n, kind)| (n.as_str(), *kind))
        .collect();
    let expected = [
        ("plugin", true),
        ("dtype", false),
        ("encoding", false),
        ("cam", true),
        ("nothing", false),
    ];
    assert_eq!(refused, expected);
    let received = read_all(&mut reader).await;
    assert_eq!(received.stream("good").ints(), [0, 1, 2, 3]);
    assert_eq!(received.stream("good").end, Some((4, true)));
    assert_eq!(
        received.stream("key").lost,
        [(0, 0, LossReason::WrongType("string".to_owned()))]
    );
    assert_eq!(received.stream("key").end, Some((0, false)));
}

#[tokio::test]
async fn broken_entries_are_holes() {
    let peers = Peers::start().await;
    let (_publisher, answer) = peers.publish("broken_entries");
    let mut reader = peers.open(&answer).await;
    follow_all(&mut reader);
    let received = read_all(&mut reader).await;
    let x = received.stream("x");
    let holes: Vec<(u64, u64)> = x
        .lost
        .iter()
        .map(|(first, count, _)| (*first, *count))
        .collect();
    assert_eq!(holes, [(2, 1), (3, 3), (7, 1)]);
    assert!(
        x.lost
            .iter()
            .all(|lost| matches!(lost.2, LossReason::Corrupt(_))),
        "{:?}",
        x.lost
    );
    assert_eq!(x.data().len(), 3 * 4);
    assert_eq!(x.end, Some((8, true)));
    let events = received.stream("events");
    assert_eq!((events.lost.len(), &events.values), (1, &vec![json!(1)]));
}

#[tokio::test]
async fn keys_without_a_scan_are_refused() {
    let peers = Peers::start().await;
    let open = async |name: &str| {
        let key = name.parse().unwrap();
        ScanReader::open(&peers.store, &key).await.err().unwrap()
    };
    assert!(matches!(
        open("esrf:scan:NONE").await,
        ReadError::NotFound { .. }
    ));
    peers.redis(&["SET", "esrf:scan:TEXT", "x"]).await;
    assert!(matches!(
        open("esrf:scan:TEXT").await,
        ReadError::NotAScan { .. }
    ));
    peers
        .redis(&["JSON.SET", "esrf:scan:LIST", ".", "[1]"])
        .await;
    assert!(matches!(
        open("esrf:scan:LIST").await,
        ReadError::Document(_)
    ));
    let headless = r#"{"id": {}, "info": {}, "state_stream": {"pk": "A"}, "data_streams": {}}"#;
    peers
        .redis(&["JSON.SET", "esrf:scan:HEADLESS", ".", headless])
        .await;
    assert!(matches!(
        open("esrf:scan:HEADLESS").await,
        ReadError::Deleted { .. }
    ));
    peers
        .redis(&["XADD", "esrf:stream:A", "*", "state", "9"])
        .await;
    let error = open("esrf:scan:HEADLESS").await.to_string();
    assert_eq!(
        error,
        "invalid document of scan esrf:scan:HEADLESS: id.name is absent"
    );
}

#[tokio::test]
async fn states_that_are_not_a_stream_any_more() {
    let peers = Peers::start().await;
    let (mut publisher, answer) = peers.publish("running");
    publisher.step();
    let mut reader = peers.open(&answer).await;
    follow_all(&mut reader);
    peers
        .redis(&["DEL", answer["states"].as_str().unwrap()])
        .await;
    peers
        .redis(&["SET", answer["states"].as_str().unwrap(), "x"])
        .await;
    let received = read_all(&mut reader).await;
    assert!(received.deleted);
    assert_eq!(received.stream("x").ints(), [0, 1, 2]);
}

#[tokio::test]
async fn a_broken_document_later_keeps_the_scan_alive() {
    let peers = Peers::start().await;
    let (_publisher, answer) = peers.publish("running");
    let mut reader = peers.open(&answer).await;
    peers
        .redis(&["JSON.SET", key(&answer).as_str(), ".id", "3"])
        .await;
    peers
        .redis(&[
            "XADD",
            answer["states"].as_str().unwrap(),
            "*",
            "state",
            "4",
        ])
        .await;
    let received: ReceivedEvents = read_all(&mut reader).await;
    assert_eq!(received.states.len(), 1);
    assert_eq!(reader.document().id.name, "ascan");
}
