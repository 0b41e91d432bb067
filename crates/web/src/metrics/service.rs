//! Metrics of the service as a whole.

use std::fmt;
use std::sync::Arc;

use observation::{Observation, TangoClass};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use super::figures::{Figures, plain, seconds};
use crate::options::BuildInfo;
use crate::state::HttpFigures;

/// Metrics of the service as a whole.
#[derive(Debug)]
pub struct ServiceMetrics {
    pub observation: Arc<Observation>,
    pub http: Arc<HttpFigures>,
    pub build: BuildInfo,
}

impl Collector for ServiceMetrics {
    fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
        let mut figures = Figures(encoder);
        let build = &self.build;
        figures.info(
            plain("build", "What the program was built of"),
            &[
                ("version", &*build.version),
                ("commit", &*build.commit),
                ("hdf5", &*build.hdf5),
                ("tango", &*build.tango),
                ("features", &*build.features),
            ],
        )?;
        let is_ready = self.observation.readiness.is_ready();
        figures.gauge(
            plain(
                "ready",
                "1 while scans are taken and can be saved, as /readyz says",
            ),
            f64::from(u8::from(is_ready)),
        )?;
        let silences = self.observation.heartbeats.silences().into_iter();
        figures.gauges(
            seconds(
                "thread_silence",
                "Time since a thread last said that it moves",
            ),
            silences.map(|silence| {
                let labels = [("thread", silence.thread)];
                (labels, silence.silence.as_secs_f64())
            }),
        )?;
        figures.counters(
            plain(
                "http_requests",
                "HTTP requests by the class of their answer",
            ),
            self.http
                .counts()
                .map(|(class, count)| ([("code", class)], count)),
        )?;
        figures.gauge(
            plain(
                "http_viewers",
                "Viewers that receive the state whenever it changes",
            ),
            self.http.viewers.get(),
        )?;
        let dropped = self.observation.scans.queue.dropped();
        figures.counter(
            plain(
                "live_dropped_blocks",
                "Blocks of points that viewers have missed because nobody took them in time",
            ),
            dropped,
        )?;
        if !self.build.tango.is_empty() {
            self.encode_tango(&mut figures)?;
        }
        Ok(())
    }
}

impl ServiceMetrics {
    fn encode_tango(&self, figures: &mut Figures) -> fmt::Result {
        let tango = &self.observation.tango;
        let calls = TangoClass::ALL.into_iter().flat_map(|class| {
            let (name, calls) = (class.name(), tango.class(class));
            let labels = |outcome| [("class", name), ("outcome", outcome)];
            [
                (labels("answered"), calls.answered.get()),
                (labels("failed"), calls.failed.get()),
            ]
        });
        figures.counters(plain("tango_calls", "Calls of devices by clients"), calls)?;
        figures.histograms(
            seconds("tango_call_duration", "Time until a device has answered"),
            TangoClass::ALL.map(|class| {
                let times = tango.class(class).duration.snapshot();
                ([("class", class.name())], times)
            }),
        )
    }
}
