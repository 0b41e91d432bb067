//! The containers that a discovery follows.

use redis_client::{Command, EntryId, EntryReplyError};

use super::ScanDiscovery;
use crate::event::{Event, EventScanner};
use crate::key::NodeKey;

/// Entries per stream in one reply.
const COUNT: u64 = 1000;

/// Position in the stream of the children of a container.
#[derive(Debug)]
pub(super) struct Container {
    /// Key of the stream.
    pub stream: String,
    /// Scans of later entries are new.
    new_after: EntryId,
    /// The last entry that was read.
    read: EntryId,
    /// The server had nothing more when it was last asked.
    is_read: bool,
}

/// A child that was announced.
#[derive(Debug, Clone)]
pub(super) struct Child {
    pub key: NodeKey,
    /// The entry that announces it.
    pub entry: EntryId,
    /// Whether it is to be handed out if it is a scan.
    pub is_new: bool,
}

/// Progress in one stream, which counts when everything in it is known.
#[derive(Debug)]
pub(super) struct Progress {
    container: NodeKey,
    read: EntryId,
}

/// The children in a reply.
#[derive(Debug, Default)]
pub(super) struct Children {
    pub children: Vec<Child>,
    pub progress: Vec<Progress>,
}

impl Container {
    /// Returns the entry up to which everything was handed out.
    pub fn handed_out(&self) -> EntryId {
        self.read.max(self.new_after)
    }
}

impl ScanDiscovery {
    /// Follows a container, if it is not followed yet.
    pub(super) fn add_container(&mut self, key: NodeKey) {
        let new_after = match &self.start {
            Some(start) => start.of(&key),
            None => EntryId::START,
        };
        let stream = key.children();
        self.containers.entry(key).or_insert(Container {
            stream,
            new_after,
            read: EntryId::START,
            is_read: false,
        });
    }

    /// Returns a read of all containers that waits up to `block` milliseconds.
    pub(super) fn read_command(&self, block: Option<u64>) -> Command {
        let mut command = Command::new("XREAD").arg("COUNT").arg(COUNT);
        if let Some(block) = block {
            command = command
                .arg("BLOCK")
                .arg(block)
                .blocking(std::time::Duration::from_millis(block));
        }
        let containers = || self.containers.values();
        let keys = containers().map(|container| container.stream.as_str());
        let ids = containers().map(|container| container.read.to_string());
        command.arg("STREAMS").args(keys).args(ids)
    }

    /// Reads the children in a reply, without any effect yet.
    pub(super) fn children(&self, reply: &[u8]) -> Result<Children, EntryReplyError> {
        let mut found = Children::default();
        let mut scanner = EventScanner::of_xread(reply)?;
        while let Some(stream) = scanner.next_stream()? {
            let key = NodeKey::parse(stream.key.strip_suffix(b"_children_list").unwrap_or(b""));
            let Some((key, container)) = key.and_then(|key| self.containers.get_key_value(&key))
            else {
                continue;
            };
            let mut read = container.read;
            while let Some(entry) = scanner.next_entry()? {
                read = read.max(entry.id);
                if let Event::NewNode { key } = entry.event
                    && let Some(key) = NodeKey::parse(key)
                {
                    found.children.push(Child {
                        key,
                        entry: entry.id,
                        is_new: entry.id > container.new_after,
                    });
                }
            }
            if read > container.read {
                let container = key.clone();
                found.progress.push(Progress { container, read });
            }
        }
        Ok(found)
    }

    /// Moves behind what is known now.
    pub(super) fn commit(&mut self, progress: Vec<Progress>) {
        for container in self.containers.values_mut() {
            container.is_read = true;
        }
        for Progress { container, read } in progress {
            if let Some(container) = self.containers.get_mut(&container) {
                container.read = read;
                container.is_read = false;
            }
        }
    }

    /// Returns `true` if no stream had more when it was last read.
    pub(super) fn has_read_all(&self) -> bool {
        self.containers.values().all(|container| container.is_read)
    }

    /// Begins with the scans after the entry, also in the containers that are known.
    pub(super) fn begin_after(&mut self, start: super::Position) {
        for (key, container) in &mut self.containers {
            container.new_after = start.of(key);
        }
        self.start = Some(start);
    }
}
