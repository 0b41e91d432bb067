//! Names of streams that no other stream of the scan has.

use std::collections::HashSet;

use bliss_node::key::NodeKey;
use bliss_node::reader::StreamDescription;

/// The names of the streams of a scan, in the order of their announcement.
///
/// Channels in different subscans can have the same full name. One of them keeps it. The name of the others is the part of
/// their key behind that of the scan, which begins with the name of their subscan: `timer2:diode`.
#[derive(Debug, Default)]
pub struct StreamNames {
    names: Vec<String>,
    taken: HashSet<String>,
}

impl StreamNames {
    /// Names the streams that were announced since this was last called.
    ///
    /// Streams of different subscans are announced in any order. Those that are announced together are named in the
    /// order of their subscans and keys, so that whoever reads the scan again finds the same names.
    pub fn add(&mut self, scan: &NodeKey, streams: &[StreamDescription]) {
        let mut new: Vec<(usize, &StreamDescription)> =
            streams.iter().enumerate().skip(self.names.len()).collect();
        self.names.resize(streams.len(), String::new());
        new.sort_by_key(|(_, stream)| (stream.subscan.as_str(), stream.key.as_str()));
        for (place, stream) in new {
            let key = stream.key.as_str();
            let below = key.strip_prefix(scan.as_str());
            let below = below.and_then(|below| below.strip_prefix(':'));
            let names = [stream.name.as_str(), below.unwrap_or(key), key];
            let free = names.into_iter().find(|name| !self.taken.contains(*name));
            let name = free.unwrap_or(key).to_owned();
            self.taken.insert(name.clone());
            if let Some(place) = self.names.get_mut(place) {
                *place = name;
            }
        }
    }

    /// Returns the names, each at the place of its stream.
    pub fn all(&self) -> &[String] {
        &self.names
    }

    /// Returns the place of the stream with this name.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }
}
