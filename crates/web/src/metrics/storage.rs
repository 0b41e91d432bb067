//! Metrics of the way of the data from the queues to the disk, and of failures.

use std::fmt;
use std::sync::Arc;

use observation::{ErrorKind, Filter, Hdf5Stage, Observation};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use super::figures::{Figures, NO_LABELS, bytes, plain, seconds};

/// Metrics of the way of the data from the queues to the disk, and of failures.
#[derive(Debug)]
pub struct StorageMetrics(pub Arc<Observation>);

impl Collector for StorageMetrics {
    fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
        let mut figures = Figures(encoder);
        self.encode_queues(&mut figures)?;
        self.encode_chunks(&mut figures)?;
        self.encode_files(&mut figures)?;
        figures.counters(
            plain("failures", "What has failed, by the kind of error"),
            ErrorKind::ALL.map(|kind| ([("kind", kind.name())], self.0.failures.get(kind))),
        )
    }
}

impl StorageMetrics {
    fn encode_queues(&self, figures: &mut Figures) -> fmt::Result {
        let queues = [("points", &self.0.points), ("chunks", &self.0.chunks)];
        figures.gauges(
            bytes("queue_used", "Data that waits in a queue"),
            queues.map(|(name, queue)| ([("queue", name)], queue.used.get())),
        )?;
        figures.gauges(
            bytes("queue_limit", "Data that may wait in a queue"),
            queues.map(|(name, queue)| ([("queue", name)], queue.limit.get())),
        )?;
        figures.counters(
            seconds(
                "backpressure",
                "Time in which somebody waited for room in a queue",
            ),
            queues.map(|(name, queue)| ([("queue", name)], queue.time_waited().as_secs_f64())),
        )
    }

    fn encode_chunks(&self, figures: &mut Figures) -> fmt::Result {
        let encoder = &self.0.encoder;
        figures.histograms(
            seconds("encode_duration", "Time to encode one chunk"),
            Filter::ALL.map(|filter| {
                let times = encoder.filter(filter).duration.snapshot();
                ([("filter", filter.name())], times)
            }),
        )?;
        let sides = Filter::ALL.into_iter().flat_map(|filter| {
            let labels = |side| [("filter", filter.name()), ("side", side)];
            let chunks = encoder.filter(filter);
            [
                (labels("in"), chunks.bytes_in.get()),
                (labels("out"), chunks.bytes_out.get()),
            ]
        });
        figures.counters(
            bytes("encoded", "Data of chunks before and after encoding"),
            sides,
        )
    }

    fn encode_files(&self, figures: &mut Figures) -> fmt::Result {
        let hdf5 = &self.0.hdf5;
        figures.histograms(
            seconds(
                "commit_delay",
                "Time from the arrival of a block of points to the flush that shows it to readers",
            ),
            [(NO_LABELS, hdf5.commit_delay.snapshot())],
        )?;
        figures.histograms(
            seconds(
                "hdf5_duration",
                "Time of calls of HDF5, and of commits in another thread",
            ),
            Hdf5Stage::ALL.map(|stage| {
                let times = hdf5.stage(stage).snapshot();
                ([("stage", stage.name())], times)
            }),
        )?;
        figures.counter(
            seconds("hdf5_busy", "Time that the writer thread spent in HDF5"),
            hdf5.busy().as_secs_f64(),
        )?;
        figures.gauge(
            plain("files_open", "Files that are open"),
            hdf5.files_open.get(),
        )?;
        let disks = self.0.disks.all();
        figures.gauges(
            bytes(
                "disk_free",
                "Room for ordinary users on the disks that scans are saved on",
            ),
            disks.iter().map(|(path, free)| {
                let labels = [("path", path.to_string_lossy())];
                (labels, *free as f64)
            }),
        )
    }
}
