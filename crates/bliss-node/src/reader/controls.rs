//! The streams of a scan that have no data: children, and the states of the scan.

use std::collections::HashMap;

use redis_client::{EntryId, EntryReplyError};

use super::question::{Question, Questions};
use crate::event::{Event, EventScanner, failure};
use crate::key::NodeKey;

/// Positions in the streams without data, and what they said.
#[derive(Debug)]
pub(super) struct Controls {
    streams: Vec<ControlStream>,
    places: HashMap<Box<[u8]>, usize>,
    /// The scan was seen to be prepared.
    pub is_prepared: bool,
    /// The end of the scan was seen: what ended it, if it has failed.
    pub end: Option<Option<String>>,
}

#[derive(Debug)]
struct ControlStream {
    key: String,
    after: EntryId,
}

impl Controls {
    pub fn new(scan: &NodeKey) -> Controls {
        let mut controls = Controls {
            streams: Vec::new(),
            places: HashMap::new(),
            is_prepared: false,
            end: None,
        };
        for key in [scan.children(), scan.prepared(), scan.end()] {
            controls.add(key);
        }
        controls
    }

    /// Reads the children of a device from now on.
    pub fn add_device(&mut self, device: &NodeKey) {
        self.add(device.children());
    }

    fn add(&mut self, key: String) {
        // A node that is announced twice is read once.
        if !self.places.contains_key(key.as_bytes()) {
            let place = self.streams.len();
            self.places.insert(key.as_bytes().into(), place);
            let after = EntryId::START;
            self.streams.push(ControlStream { key, after });
        }
    }

    /// Returns the number of streams.
    pub fn len(&self) -> usize {
        self.streams.len()
    }

    /// Returns the keys and the positions.
    pub fn positions(&self) -> Vec<(String, EntryId)> {
        let streams = self.streams.iter();
        streams
            .map(|stream| (stream.key.clone(), stream.after))
            .collect()
    }

    /// Takes the entries of a stream in a reply, and adds the questions that come of them. Returns `false` if the stream
    /// is none of these.
    pub fn take(
        &mut self,
        key: &[u8],
        scanner: &mut EventScanner<'_>,
        questions: &mut Questions,
    ) -> Result<bool, EntryReplyError> {
        let Some(stream) = self.places.get(key) else {
            return Ok(false);
        };
        let Some(stream) = self.streams.get_mut(*stream) else {
            return Ok(false);
        };
        while let Some(entry) = scanner.next_entry()? {
            stream.after = stream.after.max(entry.id);
            match entry.event {
                Event::NewNode { key } => {
                    if let Some(key) = NodeKey::parse(key) {
                        questions.add(Question::Node(key.clone()));
                        questions.add(Question::NodeInfo(key));
                    }
                }
                Event::PreparedScan => self.is_prepared = true,
                Event::EndScan { exception } => self.end = Some(failure(exception)),
                Event::ChannelData { .. } | Event::LimaStatus { .. } | Event::Unknown => {}
            }
        }
        Ok(true)
    }
}
