//! Nodes: what identifies them, and their info.

use std::fmt;

use indexmap::IndexMap;
use pickle::DecodeError;
use redis_client::{Command, Value as Reply};
use serde_json::{Map, Value as Json};

use crate::key::NodeKey;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeType {
    /// A session, a part of a path, or a node of the data policy (`proposal`, `dataset_collection`, `dataset`). Types
    /// that we do not know are containers, too.
    Container,
    /// An acquisition device inside a scan.
    Device,
    /// A scan.
    Scan,
    /// A sequence or a group of scans.
    ScanGroup,
    /// A channel: its data are in its stream.
    Channel,
    /// Images of Lima: its stream has states of the detector, which saves the images itself.
    Lima,
    /// A channel of references to other nodes.
    References,
}

impl NodeType {
    fn parse(text: &str) -> NodeType {
        match text {
            "None" => NodeType::Device,
            "scan" => NodeType::Scan,
            "scan_group" => NodeType::ScanGroup,
            "channel" => NodeType::Channel,
            "lima" => NodeType::Lima,
            "node_ref_channel" => NodeType::References,
            _ => NodeType::Container,
        }
    }

    /// Returns `true` for scans, and for groups of them.
    pub fn is_scan(self) -> bool {
        matches!(self, NodeType::Scan | NodeType::ScanGroup)
    }

    /// Returns `true` if the node has a stream of data, and no children.
    pub fn has_data(self) -> bool {
        matches!(
            self,
            NodeType::Channel | NodeType::Lima | NodeType::References
        )
    }
}

/// What identifies a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeIdentity {
    /// Key.
    pub key: NodeKey,
    /// Full name of a channel, such as `axis:roby`; of other nodes, the last name in the key.
    pub name: String,
    /// What the node is.
    pub node_type: NodeType,
    /// Version of the data model.
    pub version: NodeVersion,
}

/// Version of the data model of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeVersion {
    /// The node is being created.
    Incomplete,
    /// Version 1.
    V1,
    /// A version that we do not know.
    Other(String),
}

impl NodeVersion {
    fn parse(text: &str) -> NodeVersion {
        let number = text
            .strip_prefix('v')
            .and_then(|rest| rest.split('.').next());
        match (number, text) {
            (Some("1"), _) => NodeVersion::V1,
            (_, "None" | "") => NodeVersion::Incomplete,
            _ => NodeVersion::Other(text.to_owned()),
        }
    }
}

impl fmt::Display for NodeVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NodeVersion::Incomplete => "None",
            NodeVersion::V1 => "v1",
            NodeVersion::Other(text) => text,
        })
    }
}

impl NodeIdentity {
    /// Returns the command that asks for the identity of a node.
    pub(crate) fn command(key: &NodeKey) -> Command {
        Command::new("HMGET")
            .arg(key.as_str())
            .args(["node_type", "version", "name"])
    }

    /// Reads the reply. Returns `None` if there is no such node.
    pub(crate) fn of_reply(key: &NodeKey, reply: &Reply) -> Option<NodeIdentity> {
        let [node_type, version, name] = reply.as_array()? else {
            return None;
        };
        // A key that expires while its node is written again can be left with some of the fields.
        let node_type = text(node_type)?;
        Some(NodeIdentity {
            key: key.clone(),
            name: text(name).unwrap_or_else(|| key.name().to_owned()),
            node_type: NodeType::parse(&node_type),
            version: NodeVersion::parse(&text(version).unwrap_or_default()),
        })
    }
}

fn text(reply: &Reply) -> Option<String> {
    let bytes = reply.as_bytes()?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}

/// The info of a node: named values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodeInfo {
    fields: IndexMap<String, pickle::Value>,
    invalid: Vec<(String, DecodeError)>,
}

impl NodeInfo {
    /// Returns the command that asks for the info of a node.
    pub(crate) fn command(key: &NodeKey) -> Command {
        Command::new("HGETALL").arg(key.info())
    }

    /// Reads the reply. A node without info has an empty one.
    pub(crate) fn of_reply(reply: &Reply) -> NodeInfo {
        let mut info = NodeInfo::default();
        for pair in reply.as_array().unwrap_or_default().chunks_exact(2) {
            let (Some(name), Some(pickle)) = (text(&pair[0]), pair[1].as_bytes()) else {
                continue;
            };
            match pickle::decode(pickle) {
                Ok(value) => {
                    info.fields.insert(name, value);
                }
                Err(error) => info.invalid.push((name, error)),
            }
        }
        info
    }

    /// Returns a value by its name.
    pub fn get(&self, name: &str) -> Option<&pickle::Value> {
        self.fields.get(name)
    }

    /// Returns a text by its name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_text()
    }

    /// Returns `true` if a value is there and true as Python understands it.
    pub fn is_truthy(&self, name: &str) -> bool {
        self.get(name).is_some_and(pickle::Value::is_truthy)
    }

    /// Returns names and values, in the order in which Redis has them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &pickle::Value)> {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }

    /// Returns `true` if the node has no info.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.invalid.is_empty()
    }

    /// Returns the values that cannot be decoded. They are not part of the info.
    pub fn invalid(&self) -> &[(String, DecodeError)] {
        &self.invalid
    }

    /// Returns the info as JSON: always an object.
    pub fn to_json(&self) -> Json {
        let fields = self.iter();
        let fields = fields.map(|(name, value)| (name.to_owned(), pickle::to_json(value)));
        Json::Object(fields.collect::<Map<String, Json>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (text, version) in [
            ("v1.1", NodeVersion::V1),
            ("v1", NodeVersion::V1),
            ("None", NodeVersion::Incomplete),
            ("v10.0", NodeVersion::Other("v10.0".to_owned())),
            ("v2.0", NodeVersion::Other("v2.0".to_owned())),
        ] {
            assert_eq!(NodeVersion::parse(text), version);
        }
    }

    #[test]
    fn unknown_types_are_containers() {
        for text in ["proposal", "dataset", "container", "something new", ""] {
            assert_eq!(NodeType::parse(text), NodeType::Container, "{text}");
        }
        assert_eq!(NodeType::parse("None"), NodeType::Device);
    }
}
