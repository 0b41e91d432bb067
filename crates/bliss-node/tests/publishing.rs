//! The publisher, compared with the commands that BLISS sent.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use bliss_node::node::NodeType;
use bliss_node::publish::{
    ABORT, ChannelId, NewChannel, NewScan, PublishError, ScanPublisher, last_number,
};
use bliss_node::reader::ScanState;
use bytes::Bytes;
use pickle::Value;
use pickle::numpy::{Array, Dtype};

use common::*;

const SCAN: &str = "demo:data:bliss-legacy:1_ascan";

/// Returns what identifies a command: its words, without pickles, times and the order of expirations.
fn signature(words: &[String]) -> String {
    let mut words = words.to_vec();
    if let Some(time) = words.iter().position(|word| word == "__STRTIME__") {
        words[time + 1] = "<time>".to_owned();
    }
    if words.get(1).is_some_and(|key| key.ends_with("_ascan_info")) {
        // The values of the info are whatever the scan has.
        return "the info of the scan".to_owned();
    }
    words.join(" ")
}

/// Returns the signatures up to the expirations; repeated ones once.
fn signatures(commands: impl Iterator<Item = Vec<String>>) -> Vec<String> {
    let mut signatures: Vec<String> = commands
        .filter(|words| !["EXISTS", "SELECT", "PING", "EXPIRE"].contains(&words[0].as_str()))
        .map(|words| signature(&words))
        .collect();
    signatures.dedup();
    signatures
}

/// Returns the words of a line of `MONITOR`.
fn monitored(line: &str) -> Option<Vec<String>> {
    let (_, words) = line.split_once("] \"")?;
    let words = words.trim_end().strip_suffix('"')?.split("\" \"");
    let words = words.map(|word| match word.starts_with("\\x80") {
        true => "<pickle>".to_owned(),
        false => word.to_owned(),
    });
    Some(words.collect())
}

fn recorded(command: &[Vec<u8>]) -> Vec<String> {
    let words = command.iter().map(|word| match word.first() {
        Some(0x80) => "<pickle>".to_owned(),
        _ => String::from_utf8(word.clone()).unwrap(),
    });
    words.collect()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn commands_are_those_of_bliss() {
    let (server, store) = plain_redis().await;
    let commands = commands("ascan_1d");
    let mut monitor = UnixStream::connect(server.directory().join("redis.sock")).unwrap();
    monitor.write_all(b"MONITOR\r\n").unwrap();
    let mut lines = BufReader::new(monitor.try_clone().unwrap());
    let mut ok = String::new();
    lines.read_line(&mut ok).unwrap();
    assert_eq!(ok, "+OK\r\n");

    // The same scan, made of what was recorded.
    let mut scan = NewScan::new(key(SCAN));
    let mut channels: Vec<(String, ChannelId)> = Vec::new();
    for command in &commands {
        let node = text(&command.get(1).cloned().unwrap_or_default()).to_owned();
        if command[0] == b"HSET"
            && command.len() > 8
            && command[2] == b"version"
            && command[5] == b"channel"
        {
            let path = node.strip_prefix(SCAN).unwrap().trim_start_matches(':');
            let (device, _) = path.rsplit_once(':').unwrap();
            let channel = NewChannel::numbers(text(&command[7]), Dtype::FLOAT64, &[]);
            let id = scan.add_channel(device, channel).unwrap();
            channels.push((format!("{node}_data"), id));
        }
    }
    let mut publisher = ScanPublisher::create(&store, scan).await.unwrap();
    publisher.prepare().await.unwrap();
    let mut block: Vec<(ChannelId, Array)> = Vec::new();
    for command in &commands {
        let channel = channels
            .iter()
            .find(|(key, _)| command.len() > 8 && command[1] == key.as_bytes());
        match channel {
            Some((_, id)) if mentions(command, "CHANNELDATA") => {
                let data = command.last().unwrap();
                block.push((*id, Array::decode(&Bytes::copy_from_slice(data)).unwrap()));
            }
            _ if command[0] == b"EXEC" && !block.is_empty() => {
                let points: Vec<_> = block.iter().map(|(id, array)| (*id, 1, array)).collect();
                publisher.publish(&points).await.unwrap();
                block.clear();
            }
            _ => {}
        }
    }
    publisher.end(None).await.unwrap();

    let mut sent = Vec::new();
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let words = monitored(&line).unwrap_or_else(|| panic!("{line}"));
        let is_last =
            words[0] == "HSET" && sent.iter().any(|words: &Vec<String>| words[0] == "EXPIRE");
        sent.push(words);
        if is_last {
            break;
        }
    }
    let expected = signatures(commands.iter().map(|command| recorded(command)));
    let found = signatures(sent.into_iter());
    for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert_eq!(found, expected, "command {place}");
    }
    assert_eq!(found.len(), expected.len());

    let mut follower = Follower::open(&store, &key(SCAN), 0).await;
    follower.finish().await;
    assert_eq!(follower.states, [ScanState::Prepared, ScanState::Ended]);
    assert_eq!(follower.data("axis:roby").total, Some(6));
    let TimeToLive { data, scan } = TimeToLive::of(&store).await;
    assert!((1..=600).contains(&data) && (601..=86_400).contains(&scan));
}

struct TimeToLive {
    data: i64,
    scan: i64,
}

impl TimeToLive {
    async fn of(store: &bliss_node::store::NodeStore) -> TimeToLive {
        let data = call(store, &format!("TTL {SCAN}:axis:roby_data")).await;
        let scan = call(store, &format!("TTL {SCAN}_info")).await;
        TimeToLive {
            data: data.as_int().unwrap(),
            scan: scan.as_int().unwrap(),
        }
    }
}

#[tokio::test]
async fn all_kinds_of_channels_can_be_published() {
    let (_server, store) = plain_redis().await;
    let mut scan = NewScan::new(key("s:1_seq"));
    scan.node_type = NodeType::ScanGroup;
    let big = Dtype::parse(">i4").unwrap();
    let mut channel = NewChannel::numbers("t:big", big, &[2]);
    channel.dtype = pickle::encode::dtype(big);
    let big_channel = scan.add_channel("t", channel).unwrap();
    let scans = scan
        .add_channel("t", NewChannel::references("scans"))
        .unwrap();
    let uint16 = Dtype::parse("uint16").unwrap();
    let images = scan
        .add_channel("t:cam", NewChannel::images("cam:image", uint16, &[4, 6]))
        .unwrap();
    let mut publisher = ScanPublisher::create(&store, scan).await.unwrap();
    publisher.prepare().await.unwrap();
    let parameters = pickle::encode::dict([
        ("dtype", pickle::encode::class(uint16)),
        ("shape", Value::Tuple([Value::Int(4), Value::Int(6)].into())),
        ("saving_mode", "AUTO_FRAME".into()),
        ("saving_format", "EDF".into()),
    ]);
    let parameters = parameters.as_dict().unwrap();
    publisher
        .prepare_images(images, parameters, "tango://h/a/b/c")
        .await
        .unwrap();
    let numbers = |dtype: &str, shape: &[u64], data: &[u8]| {
        let dtype = Dtype::parse(dtype).unwrap();
        Array::new(dtype, shape.to_vec(), Bytes::copy_from_slice(data)).unwrap()
    };
    // A single point is published in the order of the host, a block in that of the channel.
    let one = numbers("<i4", &[2], &[1, 0, 0, 0, 2, 0, 0, 0]);
    let two = numbers(
        ">i4",
        &[2, 2],
        &[0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 6],
    );
    publisher
        .publish(&[(big_channel, 1, &one), (big_channel, 2, &two)])
        .await
        .unwrap();
    publisher.refer(scans, &key("s:2_ct")).await.unwrap();
    let status = pickle::encode::dict([("last_image_acquired", Value::Int(2))]);
    publisher
        .publish_status(images, status.as_dict().unwrap())
        .await
        .unwrap();
    publisher.end(Some("<class 'RuntimeError'>")).await.unwrap();

    let mut follower = Follower::open(&store, &key("s:1_seq"), 0).await;
    follower.finish().await;
    let big = follower.data("t:big");
    assert_eq!(big.dtype.as_deref(), Some(">i4"));
    let expected: Vec<u8> = (1..=6i32).flat_map(i32::to_be_bytes).collect();
    assert_eq!((&big.shape[..], &big.data), (&[2][..], &expected));
    assert_eq!(follower.data("scans").keys, ["s:2_ct"]);
    assert_eq!(follower.data("cam:image").images, 3);
    assert_eq!(follower.reader.failure(), Some("<class 'RuntimeError'>"));
}

#[tokio::test]
async fn gathered_points_are_read_when_they_are_settled() {
    let (_server, store) = plain_redis().await;
    let mut scan = NewScan::new(key("s:data:3_ascan"));
    scan.number = 3;
    let channel = |name| NewChannel::numbers(name, Dtype::FLOAT64, &[]);
    let first = scan.add_channel("axis", channel("axis:a")).unwrap();
    let second = scan.add_channel("axis", channel("axis:b")).unwrap();
    let mut publisher = ScanPublisher::create(&store, scan).await.unwrap();
    publisher.prepare().await.unwrap();
    let point = |value: f64| {
        let data = Bytes::copy_from_slice(&value.to_le_bytes());
        Array::new(Dtype::FLOAT64, vec![], data).unwrap()
    };
    for index in 0..60 {
        let value = point(f64::from(index));
        publisher.gather(first, 1, &value).await.unwrap();
    }
    publisher.gather(second, 1, &point(0.5)).await.unwrap();
    // The transaction with 50 events of one channel has been sent, the events after it have not.
    let length = |name: &str| {
        let question = format!("XLEN s:data:3_ascan:axis:{name}_data");
        let store = store.clone();
        async move { call(&store, &question).await.as_int().unwrap() }
    };
    while length("a").await != 50 {
        tokio::task::yield_now().await;
    }
    assert_eq!(length("b").await, 0);
    publisher.settle().await.unwrap();
    assert_eq!((length("a").await, length("b").await), (60, 1));
    publisher.gather(second, 1, &point(1.5)).await.unwrap();
    publisher.end(Some(ABORT)).await.unwrap();

    let mut follower = Follower::open(&store, &key("s:data:3_ascan"), 0).await;
    follower.finish().await;
    let expected: Vec<u8> = (0..60).flat_map(|i| f64::from(i).to_le_bytes()).collect();
    assert_eq!(follower.data("axis:a").data, expected);
    assert_eq!(follower.data("axis:b").total, Some(2));
    assert_eq!(follower.reader.failure(), Some(ABORT));
    let parent = key("s:data");
    assert_eq!(last_number(&store, &parent).await.unwrap(), Some(3));
    let info = store.info(&key("s:data:3_ascan")).await.unwrap();
    assert_eq!(info.text("state"), Some("USER_ABORTED"));
}

#[tokio::test]
async fn points_that_are_refused_fail_the_publisher() {
    let (_server, store) = plain_redis().await;
    let mut scan = NewScan::new(key("s:1_ct"));
    let channel = NewChannel::numbers("timer:a", Dtype::FLOAT64, &[]);
    let channel = scan.add_channel("timer", channel).unwrap();
    let mut publisher = ScanPublisher::create(&store, scan.clone()).await.unwrap();
    let Err(PublishError::Exists { scan }) = ScanPublisher::create(&store, scan).await else {
        panic!("published twice");
    };
    assert_eq!(scan, key("s:1_ct"));
    // Somebody else has used the identifier of the first point.
    call(&store, "XADD s:1_ct:timer:a_data 7-0 a b").await;
    let point = Bytes::copy_from_slice(&1f64.to_le_bytes());
    let point = Array::new(Dtype::FLOAT64, vec![], point).unwrap();
    publisher.gather(channel, 1, &point).await.unwrap();
    let error = publisher.settle().await.unwrap_err();
    assert!(matches!(error, PublishError::Redis { .. }), "{error}");
}
