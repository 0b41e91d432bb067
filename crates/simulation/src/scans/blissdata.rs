//! A simulated scan as BLISS 2 publishes it.

use std::time::Duration;

use blissdata::store::DataStore;
use serde_json::json;

use super::error::SimulationError;
use super::info::{identity, info, iso, positioners};
use super::layout::ScanLayout;
use super::live_scan::{LiveScan, ScanEnd, SimulatedScan};
use crate::publish::{ScanPublisher, StreamPublisher};

/// A scan of BLISS 2.
pub struct BlissdataScan {
    publisher: ScanPublisher,
    streams: Vec<StreamPublisher>,
    start_time: String,
}

impl BlissdataScan {
    /// Creates a scan without streams.
    pub async fn create(
        store: &DataStore,
        scan: &SimulatedScan<'_>,
    ) -> Result<BlissdataScan, SimulationError> {
        let start_time = iso(&scan.start);
        let info = info(scan.plan, &scan.motors, &scan.channels, &start_time);
        Ok(BlissdataScan {
            publisher: ScanPublisher::create(store, identity(scan.plan), info).await?,
            streams: Vec::new(),
            start_time,
        })
    }

    fn set_layout(&mut self, scan: &SimulatedScan<'_>, end: Option<&ScanEnd>) {
        let layout = ScanLayout {
            plan: scan.plan,
            motors: &scan.motors,
            channels: &scan.channels,
            start_time: &self.start_time,
        };
        let h5maps = layout.h5maps(end);
        self.publisher
            .info_mut()
            .insert("h5maps".to_owned(), h5maps);
    }
}

impl LiveScan for BlissdataScan {
    fn key(&self) -> &str {
        self.publisher.key().as_str()
    }

    async fn start(&mut self, scan: &SimulatedScan<'_>) -> Result<(), SimulationError> {
        for channel in &scan.channels {
            let definition = channel.definition(scan.plan);
            let stream = self.publisher.add_stream(&channel.stream, definition).await;
            self.streams.push(stream?);
        }
        self.set_layout(scan, None);
        self.publisher.prepare().await?;
        Ok(self.publisher.start().await?)
    }

    async fn send(
        &mut self,
        channel: usize,
        bytes: &[u8],
        count: u64,
    ) -> Result<(), SimulationError> {
        Ok(self.streams[channel].send(bytes, count).await?)
    }

    async fn flush(&mut self, _: Duration) -> Result<(), SimulationError> {
        Ok(self.publisher.flush().await?)
    }

    async fn stop(&mut self) -> Result<(), SimulationError> {
        Ok(self.publisher.stop().await?)
    }

    async fn end(mut self, scan: &SimulatedScan<'_>, end: &ScanEnd) -> Result<(), SimulationError> {
        self.set_layout(scan, Some(end));
        let positions = positioners(&scan.motors, true);
        let info = self.publisher.info_mut();
        info.insert("end_time".to_owned(), json!(iso(&end.time)));
        if let (Some(known), Some(more)) = (
            info.get_mut("positioners")
                .and_then(|known| known.as_object_mut()),
            positions.as_object(),
        ) {
            known.extend(more.clone());
        }
        Ok(self.publisher.close(end.reason.name()).await?)
    }
}
