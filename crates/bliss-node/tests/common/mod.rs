//! A plain Redis, and recordings of BLISS 1.11 that are published in it again.

#![allow(dead_code, reason = "each test uses a part")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;

use bliss_node::key::NodeKey;
use bliss_node::reader::{LossReason, PointBlock, ReaderEvent, ScanReader, ScanState, StreamId};
use bliss_node::store::NodeStore;
use redis_client::{Command, Connection, Value};
use serde_json::Value as Json;
use simulation::redis::{PrivateRedis, RedisModules, RedisOptions};

/// All recordings.
pub const RECORDINGS: [&str; 11] = [
    "aborted",
    "amesh_2d",
    "ascan_1d",
    "ascan_1d_proto3",
    "block_stream",
    "esrf_policy",
    "failed_prepare",
    "lima_hdf5",
    "mca_1d",
    "sequence_group",
    "strings",
];

/// Starts a Redis without modules.
pub async fn plain_redis() -> (PrivateRedis, NodeStore) {
    let options = RedisOptions::new().modules(RedisModules::None);
    let server = PrivateRedis::start(&options).await.unwrap();
    let store = NodeStore::new(&server.url());
    (server, store)
}

/// Returns the key of a node.
pub fn key(text: &str) -> NodeKey {
    text.parse().unwrap()
}

/// Executes a command whose words are separated by spaces.
pub async fn call(store: &NodeStore, command: &str) -> Value {
    let mut words = command.split(' ');
    let command = Command::new(words.next().unwrap()).args(words);
    let mut connection = store.open().await.unwrap();
    connection.call(&command).await.unwrap()
}

/// Publishes a node as BLISS does.
pub async fn publish(store: &NodeStore, node: &str, node_type: &str) {
    let name = node.rsplit(':').next().unwrap();
    call(
        store,
        &format!("HSET {node} version v1.1 node_type {node_type} name {name} db_name {node}"),
    )
    .await;
    for suffix in ["children_list", "end"] {
        if suffix == "children_list" || node_type == "scan" {
            call(store, &format!("XADD {node}_{suffix} 0-1 key value")).await;
            call(store, &format!("XDEL {node}_{suffix} 0-1")).await;
        }
    }
    if let Some((parent, _)) = node.rsplit_once(':') {
        call(
            store,
            &format!("XADD {parent}_children_list * __EVENT__ NEW_NODE db_name {node}"),
        )
        .await;
    }
}

/// A recording that is published step by step.
pub struct Replay {
    connection: Connection,
    commands: std::vec::IntoIter<Vec<Vec<u8>>>,
}

impl Replay {
    pub async fn new(store: &NodeStore, recording: &str) -> Replay {
        Replay {
            connection: store.open().await.unwrap(),
            commands: commands(recording).into_iter(),
        }
    }

    /// Publishes up to the first command for which `is_last` returns `true`. Returns `false` if there is none.
    pub async fn until(&mut self, is_last: impl Fn(&[Vec<u8>]) -> bool) -> bool {
        for command in self.commands.by_ref() {
            let name = std::str::from_utf8(&command[0]).unwrap();
            let encoded = Command::new(name).args(&command[1..]);
            self.connection.call(&encoded).await.unwrap();
            if is_last(&command) {
                return true;
            }
        }
        false
    }

    /// Publishes all that is left.
    pub async fn finish(&mut self) {
        self.until(|_| false).await;
    }
}

/// Publishes a recording.
pub async fn replay(store: &NodeStore, recording: &str) {
    Replay::new(store, recording).await.finish().await;
}

/// Returns `true` for a command with an argument that has this text.
pub fn mentions(command: &[Vec<u8>], text: &str) -> bool {
    let text = text.as_bytes();
    let mut arguments = command.iter();
    arguments.any(|argument| argument.windows(text.len()).any(|part| part == text))
}

/// Returns the commands of a recording.
pub fn commands(recording: &str) -> Vec<Vec<Vec<u8>>> {
    const PROGRAM: &str = "
import base64, gzip, json, sys
for line in gzip.open(sys.argv[1], 'rt'):
    print(json.dumps([list(base64.b64decode(arg)) for arg in json.loads(line)['args']]))
";
    let mut python = testing::python();
    python
        .args(["-c", PROGRAM])
        .arg(path(recording, "recording.jsonl.gz"));
    let lines = testing::output(&mut python);
    let lines = lines.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

/// Returns the description of the files of a recording.
pub fn golden(recording: &str) -> Json {
    let text = std::fs::read(path(recording, "golden.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn path(recording: &str, file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../testing/recordings/bliss1")
        .join(recording)
        .join(file)
}

/// Returns the SHA-256 of each of these data, as hexadecimal digits.
pub fn digests(data: &[&[u8]]) -> Vec<String> {
    use std::io::Write;
    const PROGRAM: &str = "
import hashlib, sys
for line in sys.stdin:
    print(hashlib.sha256(bytes.fromhex(line)).hexdigest())
";
    let mut python = testing::python();
    python.args(["-c", PROGRAM]);
    let mut child = python
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let text: String = data
        .iter()
        .map(|data| data.iter().map(|b| format!("{b:02x}")).collect::<String>() + "\n")
        .collect();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// What a reader has read of one stream.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct StreamData {
    pub dtype: Option<String>,
    pub shape: Vec<u64>,
    pub data: Vec<u8>,
    pub texts: Vec<String>,
    pub keys: Vec<String>,
    /// First point, number of points, reason.
    pub lost: Vec<(u64, u64, LossReason)>,
    pub next: u64,
    pub total: Option<u64>,
    pub images: u64,
}

/// Follows all streams of a scan, and checks the order of events.
pub struct Follower {
    pub reader: ScanReader,
    pub streams: BTreeMap<StreamId, StreamData>,
    pub states: Vec<ScanState>,
    pub gone: Vec<NodeKey>,
    pub is_deleted: bool,
    /// Points with which the streams begin.
    pub from: u64,
}

impl Follower {
    pub async fn open(store: &NodeStore, scan: &NodeKey, from: u64) -> Follower {
        Follower {
            from,
            ..Follower::of(ScanReader::open(store, scan).await.unwrap())
        }
    }

    pub fn of(reader: ScanReader) -> Follower {
        Follower {
            reader,
            streams: BTreeMap::new(),
            states: Vec::new(),
            gone: Vec::new(),
            is_deleted: false,
            from: 0,
        }
    }

    /// Takes events until `is_enough` returns `true`.
    pub async fn until(&mut self, is_enough: impl Fn(&Follower) -> bool) {
        while !is_enough(self) {
            for event in self.reader.next().await.unwrap() {
                self.take(event);
            }
        }
    }

    /// Takes all events of the scan.
    pub async fn finish(&mut self) {
        self.until(|follower| follower.reader.is_finished()).await;
    }

    /// Returns the data of a channel by its full name.
    pub fn data(&self, name: &str) -> &StreamData {
        let streams = self.reader.streams().iter();
        let stream = streams.clone().find(|stream| stream.name == name);
        let names: Vec<&String> = streams.map(|stream| &stream.name).collect();
        let id = stream
            .unwrap_or_else(|| panic!("no {name} in {names:?}"))
            .id;
        &self.streams[&id]
    }

    fn take(&mut self, event: ReaderEvent) {
        let has_ended = self.states.last() == Some(&ScanState::Ended) || self.is_deleted;
        assert!(!has_ended, "{event:?} after the end");
        let is_prepared = self.states.contains(&ScanState::Prepared);
        match event {
            ReaderEvent::Stream(id) => {
                let data = StreamData {
                    next: self.from,
                    ..StreamData::default()
                };
                self.streams.insert(id, data);
                self.reader.follow(id, self.from).unwrap();
            }
            ReaderEvent::Described { .. } | ReaderEvent::Converted { .. } => {}
            ReaderEvent::State(state) => self.states.push(state),
            ReaderEvent::Points(block) => {
                assert!(is_prepared, "points before the scan is prepared");
                let PointBlock {
                    stream,
                    first,
                    count,
                    dtype,
                    shape,
                    data,
                } = block;
                let known = self.advance(stream, first, count);
                let elements = shape.iter().product::<u64>() * count;
                assert_eq!(elements * dtype.size as u64, data.len() as u64);
                known.dtype = Some(dtype.to_string());
                known.shape = shape.to_vec();
                known.data.extend_from_slice(&data);
            }
            ReaderEvent::Texts {
                stream,
                first,
                count,
                texts,
                ..
            } => self.advance(stream, first, count).texts.extend(texts),
            ReaderEvent::References {
                stream,
                first,
                keys,
            } => {
                let known = self.advance(stream, first, keys.len() as u64);
                known.keys.extend(keys);
            }
            ReaderEvent::LimaStatus { stream, status } => {
                let known = self.streams.get_mut(&stream).unwrap();
                known.images = status.acquired;
            }
            ReaderEvent::Lost {
                stream,
                first,
                count,
                reason,
            } => {
                let known = self.advance(stream, first, count);
                known.lost.push((first, count, reason));
            }
            ReaderEvent::NodeGone { key } => self.gone.push(key),
            ReaderEvent::End { stream, total } => {
                self.streams.get_mut(&stream).unwrap().total = Some(total);
            }
            ReaderEvent::Deleted => self.is_deleted = true,
        }
    }

    fn advance(&mut self, stream: StreamId, first: u64, count: u64) -> &mut StreamData {
        let known = self.streams.get_mut(&stream).unwrap();
        assert_eq!(
            first, known.next,
            "a gap or an overlap that is not reported"
        );
        assert_eq!(known.total, None, "points after the end");
        known.next += count;
        known
    }
}
