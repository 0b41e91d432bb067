//! The streams that a scan announces.

use std::sync::Arc;

use super::event::StreamId;
use crate::event::{Description, DescriptionError};
use crate::key::NodeKey;
use crate::node::{NodeIdentity, NodeInfo, NodeType};

/// A stream of a scan: a channel, the images of a detector, or references.
#[derive(Debug, Clone)]
pub struct StreamDescription {
    /// Identifies the stream in this reader.
    pub id: StreamId,
    /// Key of the node.
    pub key: NodeKey,
    /// Full name of the channel, such as `axis:roby`. It can be that of another channel, too, in another subscan.
    pub name: String,
    /// Name of the top master to which the channel belongs.
    pub subscan: String,
    /// What the node is: something that has data.
    pub node_type: NodeType,
    /// What the data are, or why that cannot be used. Follows the data once there are some.
    pub description: Result<Arc<Description>, DescriptionError>,
    /// The info of the node when it was announced.
    pub info: NodeInfo,
}

impl StreamDescription {
    pub(super) fn new(
        id: StreamId,
        scan: &NodeKey,
        node: NodeIdentity,
        info: NodeInfo,
    ) -> StreamDescription {
        let name = info.text("fullname").map(str::to_owned);
        StreamDescription {
            id,
            subscan: node.key.subscan_in(scan).unwrap_or_default().to_owned(),
            name: name.unwrap_or(node.name),
            key: node.key,
            node_type: node.node_type,
            description: Description::of(|name| info.get(name)).map(Arc::new),
            info,
        }
    }
}
