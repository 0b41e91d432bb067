//! A private data store, the genuine publisher, and what a reader makes of its scans.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use blissdata::document::ScanState;
use blissdata::reader::{LossReason, ReaderEvent, ScanReader, StreamId};
use blissdata::store::{DataStore, ScanKey};
use serde_json::Value;
use simulation::redis::PrivateRedis;

/// An initialised data store on a Redis server of its own.
pub struct Peers {
    pub redis: PrivateRedis,
    pub store: DataStore,
}

impl Peers {
    pub async fn start() -> Peers {
        let (redis, store) = testing::data_store().await;
        Peers { redis, store }
    }

    /// Starts a scenario of `tests/python/scans.py`, up to its first step.
    pub fn publish(&self, scenario: &str) -> (Publisher, Value) {
        let python = std::env::var_os("NEXUS_WRITER_PYTHON").unwrap_or_else(|| "python3".into());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/scans.py");
        let mut child = Command::new(python)
            .arg(script)
            .arg(self.redis.url().to_string())
            .arg(scenario)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut publisher = Publisher {
            child,
            input,
            output,
        };
        let first = publisher.answer();
        (publisher, first)
    }

    /// Opens the scan that a scenario has answered with.
    pub async fn open(&self, answer: &Value) -> ScanReader {
        ScanReader::open(&self.store, &key(answer)).await.unwrap()
    }

    /// Runs a Redis command.
    pub async fn redis(&self, words: &[&str]) {
        let command = redis_client::Command::new(words[0]).args(&words[1..]);
        self.store.call(&command).await.unwrap();
    }
}

/// The key that a scenario has answered with.
pub fn key(answer: &Value) -> ScanKey {
    answer["key"].as_str().unwrap().parse().unwrap()
}

/// A running scenario.
pub struct Publisher {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Publisher {
    /// Makes the next step.
    pub fn step(&mut self) -> Value {
        writeln!(self.input).unwrap();
        self.answer()
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).expect("the scenario has failed")
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// First index, count, shape and bytes of a block.
pub type BlockParts = (u64, u64, Option<Vec<u64>>, Vec<u8>);

/// What became of one stream.
#[derive(Debug, Default)]
pub struct ReceivedStream {
    pub blocks: Vec<BlockParts>,
    pub values: Vec<Value>,
    pub frames: Vec<(u64, u64)>,
    pub lost: Vec<(u64, u64, LossReason)>,
    pub end: Option<(u64, bool)>,
    /// Index behind the points so far.
    pub next: Option<u64>,
}

impl ReceivedStream {
    fn advance(&mut self, first: u64, count: u64) {
        if let Some(next) = self.next {
            assert_eq!(next, first, "a gap that is not received");
        }
        self.next = Some(first + count);
    }

    /// All bytes of all blocks.
    pub fn data(&self) -> Vec<u8> {
        self.blocks
            .iter()
            .flat_map(|block| block.3.clone())
            .collect()
    }

    /// All data as integers of 4 bytes.
    pub fn ints(&self) -> Vec<i32> {
        let data = self.data();
        data.chunks_exact(4)
            .map(|n| i32::from_le_bytes(n.try_into().unwrap()))
            .collect()
    }
}

/// Everything that a reader has received.
#[derive(Debug, Default)]
pub struct ReceivedEvents {
    pub streams: BTreeMap<String, ReceivedStream>,
    pub states: Vec<ScanState>,
    pub deleted: bool,
}

impl ReceivedEvents {
    /// Adds news. Checks on the way that the events of each stream are without gaps.
    pub fn add(&mut self, reader: &ScanReader, events: Vec<ReaderEvent>) {
        for event in events {
            assert!(!self.deleted, "{event:?} after the deletion");
            match event {
                ReaderEvent::State(state) => self.states.push(state),
                ReaderEvent::Deleted => self.deleted = true,
                ReaderEvent::Points(block) => {
                    let shape = block.shape.map(|shape| shape.to_vec());
                    let received_stream = self.received_stream(reader, block.stream);
                    received_stream.advance(block.first, block.count);
                    received_stream.blocks.push((
                        block.first,
                        block.count,
                        shape,
                        block.data.to_vec(),
                    ));
                }
                ReaderEvent::Json {
                    stream,
                    first,
                    texts,
                } => {
                    let received_stream = self.received_stream(reader, stream);
                    received_stream.advance(first, texts.len() as u64);
                    let values = texts
                        .iter()
                        .map(|text| blissdata::json::parse(text.as_bytes()).unwrap().value);
                    received_stream.values.extend(values);
                }
                ReaderEvent::Frames {
                    stream,
                    acquired,
                    saved,
                } => {
                    self.received_stream(reader, stream)
                        .frames
                        .push((acquired, saved));
                }
                ReaderEvent::Lost {
                    stream,
                    first,
                    count,
                    reason,
                } => {
                    let received_stream = self.received_stream(reader, stream);
                    if count > 0 {
                        received_stream.advance(first, count);
                    }
                    received_stream.lost.push((first, count, reason));
                }
                ReaderEvent::End {
                    stream,
                    total,
                    sealed,
                } => {
                    let received_stream = self.received_stream(reader, stream);
                    assert_eq!(received_stream.end, None, "a second end");
                    received_stream.end = Some((total, sealed));
                }
            }
        }
    }

    fn received_stream(&mut self, reader: &ScanReader, stream: StreamId) -> &mut ReceivedStream {
        let name = reader.name(stream).unwrap().to_owned();
        let received_stream = self.streams.entry(name).or_default();
        assert_eq!(received_stream.end, None, "news after the end");
        received_stream
    }

    /// The story of a stream, which must have one.
    pub fn stream(&self, name: &str) -> &ReceivedStream {
        self.streams
            .get(name)
            .unwrap_or_else(|| panic!("nothing about {name} in {self:#?}"))
    }
}

/// Follows all streams that the document has now, from the start.
pub fn follow_all(reader: &mut ScanReader) {
    for name in reader
        .document()
        .streams
        .keys()
        .cloned()
        .collect::<Vec<_>>()
    {
        reader.follow(&name, 0).unwrap();
    }
}

/// Reads until something is as wanted.
pub async fn read_until(
    reader: &mut ScanReader,
    received: &mut ReceivedEvents,
    done: impl Fn(&ReceivedEvents) -> bool,
) {
    while !done(received) {
        assert!(!reader.finished(), "finished with {received:#?}");
        let events = reader.next().await.unwrap();
        received.add(reader, events);
    }
}

/// Reads until nothing more will come.
pub async fn read_all(reader: &mut ScanReader) -> ReceivedEvents {
    let mut received = ReceivedEvents::default();
    while !reader.finished() {
        let events = reader.next().await.unwrap();
        received.add(reader, events);
    }
    received
}
