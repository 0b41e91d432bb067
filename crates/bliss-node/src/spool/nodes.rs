//! The nodes of a scan as they are in its spool.

use bytes::Bytes;
use redis_client::{Command, Value};

use crate::key::NodeKey;
use crate::node::{NodeIdentity, NodeInfo};

/// Commands per node.
const COMMANDS: usize = 3;

/// Nodes of a scan: the scan itself, its ancestors, and the nodes that have data. The text of it is an array of the protocol
/// of Redis (RESP 2) with four items per node: the key and the replies to `HMGET`, `HGETALL` and `LINDEX`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpooledNodes {
    nodes: Vec<(NodeKey, [Bytes; COMMANDS])>,
}

/// A node in a spool.
#[derive(Debug, Clone, PartialEq)]
pub struct SpooledNode {
    /// What identifies the node.
    pub identity: NodeIdentity,
    /// Its info.
    pub info: NodeInfo,
    /// The saving parameters of a detector of Lima, as they were published.
    pub parameters: Option<Bytes>,
}

impl SpooledNodes {
    /// Returns the commands that ask for a node.
    pub(super) fn commands(key: &NodeKey) -> [Command; COMMANDS] {
        let parameters = Command::new("LINDEX").arg(key.data_ref()).arg("0");
        [
            NodeIdentity::command(key),
            NodeInfo::command(key),
            parameters,
        ]
    }

    /// Adds a node with the replies to its commands, or replaces it. A node that does not exist (any more) stays as it is.
    pub(super) fn set(&mut self, key: &NodeKey, mut replies: [Bytes; COMMANDS]) {
        let exists = decode(&replies[0]).and_then(|reply| NodeIdentity::of_reply(key, &reply));
        if exists.is_none() {
            return;
        }
        // An error is not stored: there are no parameters.
        if replies[2].first() == Some(&b'-') {
            replies[2] = Bytes::from_static(b"$-1\r\n");
        }
        match self.nodes.iter_mut().find(|(known, _)| known == key) {
            Some((_, known)) => *known = replies,
            None => self.nodes.push((key.clone(), replies)),
        }
    }

    /// Returns the text of the nodes.
    pub fn encode(&self) -> Bytes {
        let mut text = format!("*{}\r\n", self.nodes.len() * (COMMANDS + 1)).into_bytes();
        for (key, replies) in &self.nodes {
            let key = key.as_str();
            text.extend_from_slice(format!("${}\r\n{key}\r\n", key.len()).as_bytes());
            for reply in replies {
                text.extend_from_slice(reply);
            }
        }
        text.into()
    }

    /// Decodes the text of nodes. Returns `None` if it is not one.
    pub fn decode(text: &Bytes) -> Option<Vec<SpooledNode>> {
        let text = decode(text)?;
        let nodes = text.as_array()?.chunks_exact(COMMANDS + 1);
        let nodes = nodes.filter_map(|node| {
            let key = NodeKey::parse(node[0].as_bytes()?)?;
            Some(SpooledNode {
                identity: NodeIdentity::of_reply(&key, &node[1])?,
                info: NodeInfo::of_reply(&node[2]),
                parameters: node[3].as_bytes().cloned(),
            })
        });
        Some(nodes.collect())
    }

    /// Reads nodes to which others are to be added. There are none if the text is not valid.
    pub(super) fn parse(text: &Bytes) -> SpooledNodes {
        let mut nodes = SpooledNodes::default();
        for node in raw_nodes(text).unwrap_or_default() {
            nodes.nodes.push(node);
        }
        nodes
    }
}

fn decode(text: &Bytes) -> Option<Value> {
    Value::decode(text).ok()
}

/// Splits the text of nodes into keys and replies.
fn raw_nodes(text: &Bytes) -> Option<Vec<(NodeKey, [Bytes; COMMANDS])>> {
    let decoded = decode(text)?;
    let mut nodes = Vec::new();
    for node in decoded.as_array()?.chunks_exact(COMMANDS + 1) {
        let key = NodeKey::parse(node[0].as_bytes()?)?;
        let replies = [&node[1], &node[2], &node[3]].map(encode);
        nodes.push((key, replies));
    }
    Some(nodes)
}

/// Encodes what replies of these commands have: arrays of texts.
fn encode(value: &Value) -> Bytes {
    let mut text = Vec::new();
    encode_into(value, &mut text);
    text.into()
}

fn encode_into(value: &Value, text: &mut Vec<u8>) {
    match value {
        Value::Array(items) => {
            text.extend_from_slice(format!("*{}\r\n", items.len()).as_bytes());
            for item in items {
                encode_into(item, text);
            }
        }
        Value::Text(bytes) => {
            text.extend_from_slice(format!("${}\r\n", bytes.len()).as_bytes());
            text.extend_from_slice(bytes);
            text.extend_from_slice(b"\r\n");
        }
        Value::Nil | Value::Int(_) | Value::Error(_) => text.extend_from_slice(b"$-1\r\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[test]
    fn nodes_that_have_expired_stay() {
        let key: NodeKey = "demo:1_ct:timer:diode".parse().unwrap();
        let identity = reply("*3\r\n$7\r\nchannel\r\n$4\r\nv1.1\r\n$5\r\ndiode\r\n");
        let info = reply("*2\r\n$4\r\nunit\r\n$2\r\nN.\r\n");
        let none = reply("$-1\r\n");
        let mut nodes = SpooledNodes::default();
        let refused = reply("-WRONGTYPE\r\n");
        nodes.set(&key, [identity, info, refused]);
        let missing = reply("*3\r\n$-1\r\n$-1\r\n$-1\r\n");
        nodes.set(&key, [missing.clone(), reply("*0\r\n"), none.clone()]);
        nodes.set(&"demo:2_ct".parse().unwrap(), [missing, none.clone(), none]);
        let text = nodes.encode();
        assert_eq!(SpooledNodes::parse(&text), nodes);
        let decoded = SpooledNodes::decode(&text).unwrap();
        assert_eq!(decoded.len(), 1);
        assert_eq!(decoded[0].identity.name, "diode");
        assert!(decoded[0].info.get("unit").unwrap().is_none());
        assert_eq!(decoded[0].parameters, None);
    }

    #[test]
    fn other_texts_are_no_nodes() {
        for text in [
            "",
            "*1\r\n",
            "$1\r\na\r\n",
            "*4\r\n$0\r\n\r\n*0\r\n*0\r\n*0\r\n",
        ] {
            let nodes = SpooledNodes::decode(&Bytes::from_static(text.as_bytes()));
            assert!(nodes.unwrap_or_default().is_empty(), "{text:?}");
        }
    }
}
