//! A scan that is being saved, and the report of its writer.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::SystemTime;

use super::channel::{
    ChannelKind, ChannelOutline, LiveChannel, PointBlock, STREAMS_WITH_DATA, has_numbers,
};
use super::past_scan::{MAX_WARNINGS, PastScan, ScanEnding};
use super::view::{ScanOutline, ScanRef, ScanView};
use crate::Observation;
use crate::figures::session::ScanOutcome;

/// A scan that is being saved, or was.
#[derive(Debug)]
pub struct LiveScan {
    number: u64,
    name: ScanRef,
    started: SystemTime,
    view: Arc<dyn ScanView>,
    outline: OnceLock<ScanOutline>,
    channels: RwLock<Vec<Arc<LiveChannel>>>,
    is_watched: AtomicBool,
    /// Why the first lost points are lost.
    loss_reason: OnceLock<String>,
}

impl LiveScan {
    /// Returns its number among the scans of the process, in the order of their beginning.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Returns what it is called.
    pub fn name(&self) -> &ScanRef {
        &self.name
    }

    /// Returns when its saving began.
    pub fn started(&self) -> SystemTime {
        self.started
    }

    /// Answers questions about it.
    pub fn view(&self) -> &dyn ScanView {
        &*self.view
    }

    /// Returns what is known since it was prepared.
    pub fn outline(&self) -> Option<&ScanOutline> {
        self.outline.get()
    }

    /// Returns its channels, in the order in which they were declared.
    pub fn channels(&self) -> Vec<Arc<LiveChannel>> {
        let channels = self.channels.read();
        channels.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns how many points are lost, of all channels.
    pub fn lost_points(&self) -> u64 {
        let channels = self.channels.read();
        let channels = channels.unwrap_or_else(PoisonError::into_inner);
        channels.iter().map(|channel| channel.lost_points()).sum()
    }

    /// Returns why the first of the lost points are lost, if any are.
    pub fn loss_reason(&self) -> Option<&str> {
        self.loss_reason.get().map(String::as_str)
    }

    /// Sets whether the points of the scan go into the [queue](super::LiveQueue).
    pub fn set_watched(&self, is_watched: bool) {
        self.is_watched.store(is_watched, Ordering::Relaxed);
    }

    /// Returns `true` if the points of the scan go into the queue.
    pub fn is_watched(&self) -> bool {
        self.is_watched.load(Ordering::Relaxed)
    }

    fn past(&self, ending: ScanEnding) -> PastScan {
        let now = self.view.now();
        let warnings = self.view.warnings(MAX_WARNINGS);
        let title = self.outline().map(|outline| outline.title.clone());
        let mut past = PastScan {
            number: self.number,
            name: self.name.clone(),
            title: title.unwrap_or_default(),
            outcome: ending.outcome,
            reason: ending.reason,
            started: self.started,
            ended: SystemTime::now(),
            duration: ending.duration,
            points: now.points,
            bytes: Some(now.bytes),
            lost: self.lost_points(),
            loss_reason: self.loss_reason().map(str::to_owned),
            entries: now.entries,
            referred: self.view.referred_files(),
            warnings,
        };
        past.shorten();
        past
    }
}

/// Reports a scan while it is saved. Clones report the same scan, which has failed if the last one is dropped before its
/// [end](LiveReport::end).
#[derive(Debug, Clone)]
pub struct LiveReport(Arc<ReportedScan>);

#[derive(Debug)]
struct ReportedScan {
    observation: Arc<Observation>,
    scan: Arc<LiveScan>,
    has_ended: AtomicBool,
}

impl LiveReport {
    /// Adds a scan that is about to be saved.
    pub fn new(
        observation: &Arc<Observation>,
        name: ScanRef,
        view: Arc<dyn ScanView>,
    ) -> LiveReport {
        let scan = observation.scans.add(|number| LiveScan {
            number,
            name,
            started: SystemTime::now(),
            view,
            outline: OnceLock::new(),
            channels: RwLock::default(),
            is_watched: AtomicBool::new(false),
            loss_reason: OnceLock::new(),
        });
        LiveReport(Arc::new(ReportedScan {
            observation: observation.clone(),
            scan,
            has_ended: AtomicBool::new(false),
        }))
    }

    /// Sets what is known since the scan was prepared. Later calls have no effect.
    pub fn set_outline(&self, make: impl FnOnce() -> ScanOutline) {
        self.0.scan.outline.get_or_init(make);
    }

    /// Adds a channel, unless there is one of this name. Returns its index.
    pub fn add_channel(&self, outline: ChannelOutline) -> usize {
        let channels = self.0.scan.channels.write();
        let mut channels = channels.unwrap_or_else(PoisonError::into_inner);
        let known = channels
            .iter()
            .position(|channel| channel.outline().name == outline.name);
        known.unwrap_or_else(|| {
            let has_data = channels.len() < STREAMS_WITH_DATA;
            let memory = &self.0.observation.scans.memory;
            channels.push(Arc::new(LiveChannel::new(outline, has_data, memory)));
            channels.len() - 1
        })
    }

    /// Reports points that have come of a channel.
    pub fn receive(&self, channel: usize, block: PointBlock) {
        let ReportedScan {
            observation, scan, ..
        } = &*self.0;
        let Some(live) = self.channel(channel) else {
            return;
        };
        // The first points are kept before it is seen whether anybody watches, so that none is missed by somebody who
        // begins to.
        let find_room = || observation.scans.forget_oldest();
        live.receive(block, scan.is_watched(), find_room);
        let outline = live.outline();
        if channel < STREAMS_WITH_DATA
            && scan.is_watched()
            && outline.kind == ChannelKind::Number
            && outline
                .number
                .is_some_and(|number| has_numbers(block, number))
        {
            let queue = &observation.scans.queue;
            queue.offer(scan.number, channel, block.first, block.data);
        }
    }

    /// Reports that all points before this one have come of a channel whose points are in files of a detector.
    pub fn advance(&self, channel: usize, end: u64) {
        if let Some(channel) = self.channel(channel) {
            channel.advance(end);
        }
    }

    /// Reports points that are lost, and why.
    pub fn lose(&self, channel: usize, first: u64, count: u64, reason: &dyn fmt::Display) {
        self.0.scan.loss_reason.get_or_init(|| reason.to_string());
        if let Some(channel) = self.channel(channel) {
            channel.lose(first, count);
        }
    }

    /// Reports the end of the scan. Later calls have no effect.
    pub fn end(&self, ending: ScanEnding) {
        self.0.end(ending);
    }

    fn channel(&self, index: usize) -> Option<Arc<LiveChannel>> {
        let channels = self.0.scan.channels.read();
        let channels = channels.unwrap_or_else(PoisonError::into_inner);
        channels.get(index).cloned()
    }
}

impl ReportedScan {
    fn end(&self, ending: ScanEnding) {
        if !self.has_ended.swap(true, Ordering::Relaxed) {
            let past = self.scan.past(ending);
            self.observation.scans.end(&self.scan, past);
        }
    }
}

impl Drop for ReportedScan {
    fn drop(&mut self) {
        self.end(ScanEnding {
            outcome: ScanOutcome::Failed,
            reason: "the writer of the scan has ended without a report".to_owned(),
            duration: self.scan.started.elapsed().unwrap_or_default(),
        });
    }
}
