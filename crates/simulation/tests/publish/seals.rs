//! The ends of streams, and streams that cannot be sent.

use blissdata::document::ScanState;
use serde_json::json;
use simulation::publish::{PublishError, ScanPublisher, StreamDefinition};
use testing::{data_store, redis_call};

use crate::common::{python, python_url};
use crate::{FLOAT, identity};

#[tokio::test]
async fn refused_commands_are_errors() {
    let (server, store) = data_store().await;
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
    redis_call(
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
async fn seals_without_the_function_too() {
    let (server, store) = data_store().await;
    redis_call(&server.url(), "FUNCTION FLUSH").await;
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
