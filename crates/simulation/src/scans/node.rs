//! A simulated scan as BLISS 1.11 publishes it.

mod info;

use std::path::{Component, Path};
use std::time::{Duration, Instant};

use bliss_node::key::{KeyError, NodeKey};
use bliss_node::publish::{ABORT, ChannelId, NewChannel, NewScan, ScanPublisher};
use bliss_node::store::NodeStore;
use bytes::Bytes;
use pickle::numpy::{Array, Dtype};

use super::channel::Channel;
use super::error::SimulationError;
use super::live_scan::{EndReason, LiveScan, ScanEnd, SimulatedScan};
use super::plan::ScanPlan;
use info::{Device, device, end_info, full_names, start_info};

/// BLISS collects points for so long before it publishes them.
const SLICE: Duration = Duration::from_millis(200);

/// A scan of BLISS 1.11.
pub struct NodeScan {
    key: NodeKey,
    publisher: ScanPublisher,
    channels: Vec<NodeChannel>,
    /// When the first of the points that are held back was sent.
    held_since: Option<Instant>,
}

struct NodeChannel {
    id: ChannelId,
    dtype: Dtype,
    /// Shape of one point.
    shape: Vec<u64>,
}

impl NodeScan {
    /// Creates a scan with all of its channels.
    pub async fn create(
        store: &NodeStore,
        scan: &SimulatedScan<'_>,
    ) -> Result<NodeScan, SimulationError> {
        let key = scan_key(scan.plan)?;
        let names = full_names(&scan.channels);
        let mut new = NewScan::new(key.clone());
        new.number = scan.plan.number;
        new.info = start_info(scan, &names);
        let mut channels = Vec::new();
        for (channel, name) in scan.channels.iter().zip(&names) {
            let dtype = numpy_type(&key, channel)?;
            let mut declared = NewChannel::numbers(name, dtype, &channel.shape);
            declared.unit = channel.unit.map(str::to_owned);
            channels.push(NodeChannel {
                id: new.add_channel(path(device(channel)), declared)?,
                dtype,
                shape: channel.shape.clone(),
            });
        }
        Ok(NodeScan {
            publisher: ScanPublisher::create(store, new).await?,
            key,
            channels,
            held_since: None,
        })
    }
}

impl LiveScan for NodeScan {
    fn key(&self) -> &str {
        self.key.as_str()
    }

    async fn start(&mut self, _: &SimulatedScan<'_>) -> Result<(), SimulationError> {
        Ok(self.publisher.prepare().await?)
    }

    async fn send(
        &mut self,
        channel: usize,
        bytes: &[u8],
        count: u64,
    ) -> Result<(), SimulationError> {
        let channel = &self.channels[channel];
        let mut shape = channel.shape.clone();
        if count > 1 {
            shape.insert(0, count);
        }
        let data = Bytes::copy_from_slice(bytes);
        let points = Array::new(channel.dtype, shape, data);
        let points = points.map_err(|error| invalid(&self.key, &error))?;
        self.held_since.get_or_insert_with(Instant::now);
        Ok(self.publisher.gather(channel.id, count, &points).await?)
    }

    async fn flush(&mut self, pause: Duration) -> Result<(), SimulationError> {
        let is_due = |since: Instant| since.elapsed().saturating_add(pause) >= SLICE;
        if self.held_since.is_some_and(is_due) {
            self.held_since = None;
            self.publisher.flush().await?;
        }
        Ok(())
    }

    async fn stop(&mut self) -> Result<(), SimulationError> {
        Ok(self.publisher.settle().await?)
    }

    async fn end(mut self, scan: &SimulatedScan<'_>, end: &ScanEnd) -> Result<(), SimulationError> {
        for (name, value) in end_info(scan, end) {
            self.publisher.set(name, value);
        }
        let exception = match end.reason {
            EndReason::Success => None,
            EndReason::UserAbort => Some(ABORT),
            EndReason::Failure => Some("<class 'RuntimeError'>"),
        };
        Ok(self.publisher.end(exception).await?)
    }
}

/// Returns the key of the node below which the scans of a file are: a path of the parts of the file's path. BLISS
/// numbers the scans of a directory. We number those of a file, so that the file is a part of the path as well.
pub fn parent_key(session: &str, file: &Path) -> Result<NodeKey, KeyError> {
    let mut key: NodeKey = session.parse()?;
    let directory = file.parent().into_iter().flat_map(Path::components);
    let directory = directory.filter_map(|component| match component {
        Component::Normal(name) => Some(name),
        _ => None,
    });
    for name in directory.chain(file.file_stem()) {
        // A colon would separate the names of two nodes.
        key = key.child(&name.to_string_lossy().replace(':', "_"))?;
    }
    Ok(key)
}

fn scan_key(plan: &ScanPlan) -> Result<NodeKey, KeyError> {
    let parent = parent_key(&plan.session, Path::new(&plan.file))?;
    parent.child(&format!("{}_{}", plan.number, plan.command()))
}

/// Returns the path of a device below the scan: each is triggered by the one in front.
fn path(device: Device) -> &'static str {
    match device {
        Device::Axis => "axis",
        Device::Timer => "axis:timer",
        Device::Counters => "axis:timer:simulation",
        Device::Mca => "axis:timer:mca",
    }
}

fn numpy_type(scan: &NodeKey, channel: &Channel) -> Result<Dtype, SimulationError> {
    Dtype::parse(&channel.dtype.to_string()).map_err(|error| invalid(scan, &error))
}

fn invalid(scan: &NodeKey, problem: &dyn std::error::Error) -> SimulationError {
    SimulationError::Points {
        node: scan.clone(),
        problem: problem.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scans_are_below_the_path_of_their_file() {
        let key = |file: &str| parent_key("demo", Path::new(file)).map(|key| key.to_string());
        assert_eq!(
            key("/data/id00/a.b.h5").as_deref(),
            Ok("demo:data:id00:a.b")
        );
        assert_eq!(key("/x:y/z.h5").as_deref(), Ok("demo:x_y:z"));
        assert_eq!(key("/z.h5").as_deref(), Ok("demo:z"));
        assert!(parent_key("", Path::new("/z.h5")).is_err());
    }
}
