//! The commands of BLISS for nodes and events.

use pickle::Value;
use pickle::encode::{self, Protocol};
use redis_client::Command;

use crate::key::NodeKey;
use crate::node::NodeType;
use crate::store::KEPT_ENTRIES;

/// The number of the last scan, in the identity of a parent of scans.
const LAST_NUMBER: &str = "last_scan_number";

/// Returns the commands that create a node, up to its version. The key of the parent comes next.
pub(super) fn create_node(
    key: &NodeKey,
    node_type: &str,
    name: &str,
    streams: &[String],
) -> Vec<Command> {
    let fields = [
        "version",
        "None",
        "node_type",
        node_type,
        "name",
        name,
        "db_name",
    ];
    let identity = Command::new("HSET").arg(key.as_str());
    let mut commands = vec![identity.args(fields).arg(key.as_str())];
    for stream in streams {
        let entry = Command::new("XADD").arg(stream);
        commands.push(entry.args(["0-1", "key", "value"]));
        commands.push(Command::new("XDEL").arg(stream).arg("0-1"));
    }
    let version = Command::new("HSET").arg(key.as_str());
    commands.push(version.args(["version", "v1.1"]));
    if let Some(parent) = key.parent() {
        let command = Command::new("HSET").arg(key.as_str());
        commands.push(command.args(["parent", parent.as_str()]));
    }
    commands
}

/// Returns the command that notes the number of the last scan in its parent.
pub(super) fn set_number(parent: &NodeKey, number: u64) -> Command {
    let name = match number {
        1 => "HSETNX",
        _ => "HSET",
    };
    let command = Command::new(name).arg(parent.as_str());
    command.arg(LAST_NUMBER).arg(number)
}

/// Returns the command that announces a node to those who follow its parent.
pub(super) fn announce(key: &NodeKey) -> Option<Command> {
    let command = Command::new("XADD").arg(key.parent()?.children());
    let command = command.args(["*", "__EVENT__", "NEW_NODE", "db_name"]);
    Some(command.arg(key.as_str()))
}

/// Returns the text of a type in the identity of a node.
pub(super) fn type_text(node_type: NodeType) -> &'static str {
    match node_type {
        NodeType::Container => "container",
        NodeType::Device => "None",
        NodeType::Scan => "scan",
        NodeType::ScanGroup => "scan_group",
        NodeType::Channel => "channel",
        NodeType::Lima => "lima",
        NodeType::References => "node_ref_channel",
    }
}

/// Returns the command that sets all values of an info at once.
pub(super) fn set_info<'v>(
    key: &NodeKey,
    values: impl IntoIterator<Item = (&'v str, Value)>,
    protocol: Protocol,
) -> Command {
    let mut command = Command::new("HSET").arg(key.info());
    for (name, value) in values {
        command = command.arg(name).arg(encode::encode(&value, protocol));
    }
    command
}

/// Returns the command that adds an event to a stream of data, whose first number counts data.
pub(super) fn data_event(key: &NodeKey, id: u64, event: &str) -> Command {
    let command = Command::new("XADD").arg(key.data());
    let command = command.args(["MAXLEN", "~"]).arg(KEPT_ENTRIES).arg(id);
    command.args(["__EVENT__", event])
}

/// Returns the command that asks a parent of scans for the number of the last.
pub(super) fn last_number(parent: &NodeKey) -> Command {
    Command::new("HGET").arg(parent.as_str()).arg(LAST_NUMBER)
}
