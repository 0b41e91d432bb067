//! Shows a scan to observers: its figures when they ask, and what its streams deliver.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use observation::{
    LiveReport, Observation, PointBlock, ReferredFiles, ScanNow, ScanOutline, ScanRef, ScanView,
    StreamNow,
};
use serde_json::Value as Json;

use super::outline::channel_outline;
use crate::report::{ScanProgress, StreamLag, Warnings};
use crate::source::{ScanSummary, SourceEvent, StreamDescription, StreamId};
use crate::subscriber::Subscriber;

/// Answers questions about a scan from what its writer has counted.
pub struct ScanFiguresView {
    pub subscriber: Subscriber,
    pub progress: Arc<ScanProgress>,
    pub warnings: Warnings,
}

/// Begins to report a scan.
pub fn live_report(
    observation: &Arc<Observation>,
    summary: &ScanSummary,
    view: ScanFiguresView,
) -> LiveReport {
    let name = ScanRef {
        key: summary.id.to_string(),
        session: summary.session.clone(),
        name: summary.name.clone(),
        number: summary.number,
    };
    LiveReport::new(observation, name, Arc::new(view))
}

impl std::fmt::Debug for ScanFiguresView {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("ScanFiguresView").finish_non_exhaustive()
    }
}

impl ScanView for ScanFiguresView {
    fn now(&self) -> ScanNow {
        let lags = self.progress.lags();
        let range = self.progress.point_range();
        let unread = |lag: &StreamLag| lag.published.saturating_sub(lag.stored);
        ScanNow {
            waiting: self.subscriber.waiting(),
            points: range.most,
            least_points: range.least,
            bytes: self.progress.bytes(),
            lag_points: lags.iter().map(unread).sum(),
            lag: lags
                .iter()
                .map(|lag| lag.age)
                .max()
                .unwrap_or(Duration::ZERO),
            margin: lags.iter().filter_map(|lag| lag.margin).min(),
            entries: self.progress.entries(),
            streams: lags
                .into_iter()
                .map(|lag| StreamNow {
                    name: lag.stream,
                    published: lag.published,
                    written: lag.stored,
                })
                .collect(),
        }
    }

    fn warnings(&self, limit: usize) -> Vec<String> {
        (0..limit)
            .map_while(|index| self.warnings.get(index))
            .collect()
    }

    fn referred_files(&self) -> ReferredFiles {
        self.progress.referred_files()
    }
}

/// The streams of a scan as observers see them.
pub struct LiveStreams {
    report: LiveReport,
    /// The channels of the streams that are followed in the present attempt to save the scan.
    channels: RefCell<HashMap<StreamId, usize>>,
}

impl LiveStreams {
    /// Creates the streams of a scan, which has none yet.
    pub fn new(report: LiveReport) -> LiveStreams {
        LiveStreams {
            report,
            channels: RefCell::default(),
        }
    }

    /// Sets what is known since the scan was prepared, if it is not known yet.
    pub fn set_outline(&self, make: impl FnOnce() -> ScanOutline) {
        self.report.set_outline(make);
    }

    /// Notes that the scan was opened for another attempt: its streams have other identifiers.
    pub fn begin_attempt(&self) {
        self.channels.borrow_mut().clear();
    }

    /// Adds the channel of a stream. Returns its index.
    pub fn add_channel(&self, stream: &StreamDescription, info: &Json) -> usize {
        self.report.add_channel(channel_outline(stream, info))
    }

    /// Notes that the source follows the stream of a channel.
    pub fn follow(&self, stream: StreamId, channel: usize) {
        self.channels.borrow_mut().insert(stream, channel);
    }

    /// Shows what the source has delivered.
    pub fn take(&self, events: &[SourceEvent]) {
        let channels = self.channels.borrow();
        for event in events {
            let channel = |stream| channels.get(stream).copied();
            match event {
                SourceEvent::Points(block) => {
                    let Some(channel) = channel(&block.stream) else {
                        continue;
                    };
                    let block = PointBlock {
                        first: block.first,
                        count: block.count,
                        shape: block.shape.as_deref(),
                        data: &block.data,
                    };
                    self.report.receive(channel, block);
                }
                SourceEvent::Texts(block) => {
                    if let Some(channel) = channel(&block.stream) {
                        let end = block.first.saturating_add(block.count);
                        self.report.advance(channel, end);
                    }
                }
                SourceEvent::Frames {
                    stream, acquired, ..
                } => {
                    if let Some(channel) = channel(stream) {
                        self.report.advance(channel, *acquired);
                    }
                }
                SourceEvent::Lost {
                    stream,
                    first,
                    count: count @ 1..,
                    reason,
                } => {
                    if let Some(channel) = channel(stream) {
                        self.report.lose(channel, *first, *count, reason);
                    }
                }
                _ => {}
            }
        }
    }
}
