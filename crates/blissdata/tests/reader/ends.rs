//! Every way in which scans and streams end.

use blissdata::document::ScanState;
use blissdata::reader::{LossReason, ReadError, ScanReader};

use crate::support::{Peers, ReceivedEvents, follow_all, key, read_all, read_until};

#[tokio::test]
async fn trimmed_streams_are_holes() {
    let peers = Peers::start().await;
    let (_publisher, answer) = peers.publish("trimmed");
    let mut reader = peers.open(&answer).await;
    follow_all(&mut reader);
    let received = read_all(&mut reader).await;
    let head = received.stream("head");
    assert_eq!(head.lost, [(0, 12, LossReason::Trimmed)]);
    assert_eq!(head.ints(), (12..20).collect::<Vec<i32>>());
    assert_eq!(received.stream("all").lost, [(0, 20, LossReason::Trimmed)]);
    assert_eq!(received.stream("all").end, Some((20, true)));
    let none = received.stream("none");
    assert_eq!(
        (none.blocks.len(), none.lost.len(), none.end),
        (0, 0, Some((0, true)))
    );
    assert_eq!(
        received.stream("cam:image").lost,
        [(0, 0, LossReason::StatusTrimmed)]
    );
    assert_eq!(received.stream("cam:image").end, Some((0, true)));
}

#[tokio::test]
async fn a_stream_that_was_deleted_on_the_way() {
    let peers = Peers::start().await;
    let (_publisher, answer) = peers.publish("orphan");
    let mut reader = peers.open(&answer).await;
    follow_all(&mut reader);
    let received = read_all(&mut reader).await;
    assert_eq!(received.stream("x").lost, [(0, 5, LossReason::Trimmed)]);
    assert_eq!(received.stream("x").ints(), [5, 6, 7]);
    assert_eq!(received.stream("x").end, Some((8, true)));
}

#[tokio::test]
async fn a_forced_deletion_closes_without_seals() {
    let peers = Peers::start().await;
    let (mut publisher, answer) = peers.publish("deleted");
    let mut reader = peers.open(&answer).await;
    follow_all(&mut reader);
    publisher.step();
    let received = read_all(&mut reader).await;
    assert_eq!(received.states, [ScanState::Closed]);
    assert_eq!(reader.document().info["end_reason"], "DELETION");
    assert_eq!(received.stream("x").ints(), [0, 1, 2, 3, 4]);
    assert_eq!(received.stream("x").end, Some((5, false)));
    assert!(!received.deleted);
    let again = ScanReader::open(&peers.store, &key(&answer)).await;
    assert!(matches!(again, Err(ReadError::Deleted { .. })));
}

#[tokio::test]
async fn a_scan_that_expires_is_read_to_its_end() {
    let peers = Peers::start().await;
    let (mut publisher, answer) = peers.publish("running");
    let mut reader = peers.open(&answer).await;
    publisher.step();
    for key in ["key", "stream", "states"] {
        peers
            .redis(&["EXPIRE", answer[key].as_str().unwrap(), "10"])
            .await;
    }
    follow_all(&mut reader);
    let received = read_all(&mut reader).await;
    assert_eq!(received.stream("x").ints(), [0, 1, 2]);
    assert_eq!(received.stream("x").end, Some((3, false)));
    assert!(received.deleted && reader.finished());
    assert_eq!(reader.next().await.unwrap(), []);
}

#[tokio::test]
async fn a_scan_without_followers_that_vanishes() {
    let peers = Peers::start().await;
    let (_publisher, answer) = peers.publish("running");
    let mut reader = peers.open(&answer).await;
    peers.redis(&["FLUSHALL"]).await;
    assert!(read_all(&mut reader).await.deleted);
    let gone = ScanReader::open(&peers.store, &key(&answer)).await;
    assert!(matches!(gone, Err(ReadError::NotFound { .. })));
}

#[tokio::test]
async fn states_one_by_one_and_a_late_stream() {
    let peers = Peers::start().await;
    let (mut publisher, answer) = peers.publish("life");
    let mut reader = peers.open(&answer).await;
    assert_eq!(reader.state(), ScanState::Created);
    assert!(reader.document().streams.is_empty());
    let mut received = ReceivedEvents::default();
    let states = [
        ScanState::Prepared,
        ScanState::Started,
        ScanState::Stopped,
        ScanState::Closed,
    ];
    for state in states {
        publisher.step();
        read_until(&mut reader, &mut received, |received| {
            received.states.contains(&state)
        })
        .await;
        let streams: Vec<&str> = reader
            .document()
            .streams
            .keys()
            .map(String::as_str)
            .collect();
        match state {
            ScanState::Prepared => {
                assert_eq!(streams, ["x"]);
                assert_eq!(reader.document().info["prepared"], true);
                reader.follow("x", 0).unwrap();
            }
            ScanState::Stopped => {
                assert_eq!(streams, ["x", "late"]);
                let late = &reader.document().streams["late"];
                let fallback = late.fallback(&reader.document().id).unwrap();
                assert_eq!(fallback.1, "7.1/measurement/late");
                reader.follow("late", 0).unwrap();
            }
            ScanState::Closed => assert_eq!(reader.document().info["end_reason"], "SUCCESS"),
            _ => {}
        }
    }
    while !reader.finished() {
        let events = reader.next().await.unwrap();
        received.add(&reader, events);
    }
    assert_eq!(received.states, states);
    assert_eq!(
        (received.stream("x").ints(), received.stream("late").ints()),
        (vec![1], vec![2])
    );
}

#[tokio::test]
async fn from_created_to_closed() {
    let peers = Peers::start().await;
    let (mut publisher, answer) = peers.publish("jump");
    let mut reader = peers.open(&answer).await;
    publisher.step();
    let received = read_all(&mut reader).await;
    assert_eq!(received.states, [ScanState::Closed]);
    assert_eq!(reader.document().info["end_reason"], "FAILURE");
}

#[tokio::test]
async fn a_document_that_stayed_behind_its_state() {
    let peers = Peers::start().await;
    let (mut publisher, answer) = peers.publish("nan_in_info");
    let mut reader = peers.open(&answer).await;
    publisher.step();
    let mut received = ReceivedEvents::default();
    read_until(&mut reader, &mut received, |received| {
        !received.states.is_empty()
    })
    .await;
    assert_eq!(reader.state(), ScanState::Prepared);
    assert!(reader.document().streams.is_empty());
    let late = peers.open(&answer).await;
    assert_eq!(
        (late.state(), late.document().streams.len()),
        (ScanState::Prepared, 0)
    );
}
