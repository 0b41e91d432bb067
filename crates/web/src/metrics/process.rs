//! Metrics of the process, under the names that all programs use for them.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use super::figures::{Figures, bytes, plain, seconds};
use crate::process::ProcessFigures;

/// Metrics of the process.
#[derive(Debug)]
pub struct ProcessMetrics;

impl Collector for ProcessMetrics {
    fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
        // A system that hides `/proc` from its processes has none of these.
        let Ok(process) = ProcessFigures::read() else {
            return Ok(());
        };
        let mut figures = Figures(encoder);
        figures.counter(
            seconds("process_cpu", "Processor time"),
            process.cpu_seconds,
        )?;
        figures.gauge(
            bytes("process_resident_memory", "Memory in use"),
            process.resident_memory as f64,
        )?;
        figures.gauge(
            bytes("process_virtual_memory", "Address space in use"),
            process.virtual_memory as f64,
        )?;
        figures.gauge(
            plain("process_open_fds", "Files and sockets that are open"),
            process.open_files as f64,
        )?;
        figures.gauge(
            plain("process_max_fds", "Files and sockets that may be open"),
            process.max_files as f64,
        )?;
        figures.gauge(plain("process_threads", "Threads"), process.threads as f64)?;
        figures.gauge(
            seconds(
                "process_start_time",
                "When the process was started, since 1970",
            ),
            process.start_time,
        )
    }
}
