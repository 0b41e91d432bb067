//! How far streams are published.

use acquisition::{DType, DTypeKind};
use blissdata::document::ScanIdentity;
use blissdata::reader::{ReadError, ScanReader, StreamHead};
use serde_json::json;
use simulation::publish::{ScanPublisher, StreamDefinition};

use crate::support::Peers;

#[tokio::test]
async fn heads_are_behind_the_last_point() {
    let peers = Peers::start().await;
    let id = ScanIdentity {
        name: "ct".to_owned(),
        number: 1,
        data_policy: "None".to_owned(),
        session: None,
        proposal: None,
        collection: None,
        dataset: None,
        path: None,
    };
    let mut scan = ScanPublisher::create(&peers.store, id, json!({}))
        .await
        .unwrap();
    let byte = DType::native(DTypeKind::Uint, 1).unwrap();
    let numbers = || StreamDefinition::numeric(byte, &[]);
    let mut streams = Vec::new();
    for name in ["batches", "points", "nothing", "broken"] {
        streams.push(scan.add_stream(name, numbers()).await.unwrap());
    }
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    streams[0].send(&[0; 10], 10).await.unwrap();
    streams[0].send(&[0; 5], 5).await.unwrap();
    streams[1].send(&[0], 1).await.unwrap();
    scan.flush().await.unwrap();
    peers.redis(&["SET", streams[3].key(), "no stream"]).await;

    let reader = ScanReader::open(&peers.store, scan.key()).await.unwrap();
    let head = |end, is_sealed| Some(StreamHead { end, is_sealed });
    let probe = reader.head_probe(&["points", "batches", "nothing", "broken"]);
    assert_eq!(
        probe.unwrap().ask().await.unwrap(),
        [head(1, false), head(15, false), head(0, false), None]
    );
    streams[0].seal().await.unwrap();
    let probe = reader.head_probe(&["batches"]).unwrap();
    let unknown = reader.head_probe(&["batches", "other"]).unwrap_err();
    drop(reader);
    assert_eq!(probe.ask().await.unwrap(), [head(15, true)]);
    assert!(
        matches!(unknown, ReadError::UnknownStream { .. }),
        "{unknown}"
    );
}
