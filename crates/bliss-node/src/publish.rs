//! Publishes scans as BLISS 1.11 does, for tests and simulations.
//!
//! A [`ScanPublisher`] sends the commands of BLISS in their order and in their transactions. What is passed to one call of
//! [`publish`](ScanPublisher::publish) is one transaction, which is sent at once. BLISS collects data for 0.2 s:
//! [`gather`](ScanPublisher::gather) does the same until [`flush`](ScanPublisher::flush) is called.
//!
//! ```no_run
//! use bliss_node::publish::{NewChannel, NewScan, ScanPublisher};
//! use bliss_node::store::NodeStore;
//! use pickle::numpy::{Array, Dtype};
//!
//! # async fn example(store: NodeStore) -> Result<(), Box<dyn std::error::Error>> {
//! let mut scan = NewScan::new("demo:data:1_ascan".parse()?);
//! let roby = scan.add_channel("axis", NewChannel::numbers("axis:roby", Dtype::FLOAT64, &[]))?;
//! let mut publisher = ScanPublisher::create(&store, scan).await?;
//! publisher.prepare().await?;
//! let point = Array::new(Dtype::FLOAT64, vec![], 1.5f64.to_le_bytes().to_vec().into())?;
//! publisher.publish(&[(roby, 1, &point)]).await?;
//! publisher.end(None).await?;
//! # Ok(())
//! # }
//! ```

mod commands;
mod connection;
mod scan;

use indexmap::IndexMap;
use pickle::numpy::Dtype;
use pickle::{Value, encode};
use redis_client::RedisError;

use crate::key::{KeyError, NodeKey};
use crate::node::NodeType;
use crate::store::NodeStore;

pub use scan::ScanPublisher;

/// The exception that ends a scan when its user stops it.
pub const ABORT: &str = "<class 'bliss.scanning.scan.ScanAbort'>";

/// Why a scan is not published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The server does not take the commands.
    #[error("cannot publish scan {scan}")]
    Redis {
        /// The scan.
        scan: NodeKey,
        /// Why not.
        source: Box<RedisError>,
    },
    /// A scan cannot be published twice.
    #[error("there is a node {scan} already")]
    Exists {
        /// The scan.
        scan: NodeKey,
    },
}

impl PublishError {
    fn redis(scan: &NodeKey, source: RedisError) -> PublishError {
        PublishError::Redis {
            scan: scan.clone(),
            source: Box::new(source),
        }
    }
}

/// Returns the number of the last scan below a node, or `None` if there was none.
///
/// # Errors
/// If the server cannot be asked.
pub async fn last_number(store: &NodeStore, parent: &NodeKey) -> Result<Option<u64>, PublishError> {
    let mut connection = connection::PublisherConnection::open(store, parent).await?;
    let number = connection.call(&commands::last_number(parent)).await?;
    Ok(number.as_str().and_then(|number| number.parse().ok()))
}

/// A channel of a scan that is to be published.
#[derive(Debug, Clone)]
pub struct NewChannel {
    /// Full name, such as `axis:roby`. Its last part is the name of the node.
    pub name: String,
    /// [`NodeType::Channel`], [`NodeType::Lima`] or [`NodeType::References`].
    pub node_type: NodeType,
    /// Type as it is published.
    pub dtype: Value,
    /// Shape of one point.
    pub shape: Vec<u64>,
    /// Unit.
    pub unit: Option<String>,
}

impl NewChannel {
    /// Creates a channel of numbers, or of texts.
    pub fn numbers(name: &str, dtype: Dtype, shape: &[u64]) -> NewChannel {
        NewChannel {
            name: name.to_owned(),
            node_type: NodeType::Channel,
            dtype: encode::class(dtype),
            shape: shape.to_vec(),
            unit: None,
        }
    }

    /// Creates a channel of references to scans.
    pub fn references(name: &str) -> NewChannel {
        NewChannel {
            node_type: NodeType::References,
            dtype: encode::global("builtins", "str"),
            ..NewChannel::numbers(name, Dtype::TEXT, &[])
        }
    }

    /// Creates the images of a detector of Lima.
    pub fn images(name: &str, dtype: Dtype, shape: &[u64]) -> NewChannel {
        NewChannel {
            node_type: NodeType::Lima,
            ..NewChannel::numbers(name, dtype, shape)
        }
    }

    /// Returns the description of the channel's data, as it is published with them.
    pub(crate) fn description(&self) -> Value {
        let is_reference = self.node_type == NodeType::References;
        encode::dict([
            ("reference", Value::Bool(is_reference)),
            ("dtype", self.dtype.clone()),
            ("shape", self.shape()),
            ("unit", self.unit()),
        ])
    }

    pub(crate) fn shape(&self) -> Value {
        Value::Tuple(
            self.shape
                .iter()
                .map(|length| Value::from(*length))
                .collect(),
        )
    }

    pub(crate) fn unit(&self) -> Value {
        match &self.unit {
            Some(unit) => unit.as_str().into(),
            None => Value::None,
        }
    }
}

/// A channel of a scan that is published: its place in the order in which channels were added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChannelId(pub(crate) usize);

/// A scan that is to be published.
#[derive(Debug, Clone)]
pub struct NewScan {
    /// Key. Its ancestors are created if they do not exist.
    pub key: NodeKey,
    /// [`NodeType::Scan`] or [`NodeType::ScanGroup`].
    pub node_type: NodeType,
    /// Number, which is noted in the parent.
    pub number: u64,
    /// Values of the scan's info.
    pub info: IndexMap<String, Value>,
    /// Protocol of all pickles.
    pub protocol: encode::Protocol,
    pub(crate) devices: Vec<NodeKey>,
    pub(crate) channels: Vec<(NodeKey, NewChannel)>,
}

impl NewScan {
    /// Creates a scan without channels and info.
    pub fn new(key: NodeKey) -> NewScan {
        NewScan {
            key,
            node_type: NodeType::Scan,
            number: 1,
            info: IndexMap::new(),
            protocol: encode::Protocol::V4,
            devices: Vec::new(),
            channels: Vec::new(),
        }
    }

    /// Adds a channel to a device, whose path below the scan has the names of its masters, such as `axis:timer`. Devices
    /// are added as they are named.
    ///
    /// # Errors
    /// If the path or the name is empty or has empty parts.
    pub fn add_channel(
        &mut self,
        device: &str,
        channel: NewChannel,
    ) -> Result<ChannelId, KeyError> {
        let mut parent = self.key.clone();
        for name in device.split(':') {
            parent = parent.child(name)?;
            if !self.devices.contains(&parent) {
                self.devices.push(parent.clone());
            }
        }
        let name = channel.name.rsplit(':').next().unwrap_or_default();
        let id = ChannelId(self.channels.len());
        self.channels.push((parent.child(name)?, channel));
        Ok(id)
    }
}
