//! A channel of a scan: how far it is, and what can be shown of its data.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::early_points::EarlyPoints;
use super::live_memory::LiveMemory;
use super::number_type::NumberType;
use super::sample::{Sample, Sampler};

/// Channels of a scan of which data are shown.
pub const STREAMS_WITH_DATA: usize = 64;

/// The most ranges of lost points that are listed.
const MAX_LOST_RANGES: usize = 100;

/// The largest spectrum of which samples are taken although nobody looks, in bytes.
const SMALL_SPECTRUM: usize = 64 << 10;

/// What a channel holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelKind {
    /// One number per point.
    Number,
    /// A list of numbers per point.
    Spectrum,
    /// A table of numbers per point.
    Image,
    /// Anything else.
    Other,
}

/// What a channel is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelOutline {
    /// Its name, which no other channel of the scan has.
    pub name: String,
    /// Its name for people.
    pub label: String,
    /// The unit of its numbers.
    pub unit: Option<String>,
    /// Shape of one point; `None` for a length that varies.
    pub shape: Vec<Option<u64>>,
    /// The type of its numbers; `None` if they cannot be shown.
    pub number: Option<NumberType>,
    /// What it holds.
    pub kind: ChannelKind,
    /// Set if a detector saves the points in files of its own, so that they do not come this way.
    pub is_in_files: bool,
}

/// Consecutive points of a channel.
#[derive(Debug, Clone, Copy)]
pub struct PointBlock<'b> {
    /// Index of the first point.
    pub first: u64,
    /// Number of points.
    pub count: u64,
    /// Shape of each of these points, if that varies.
    pub shape: Option<&'b [u64]>,
    /// The points in C order, in the type of the channel.
    pub data: &'b [u8],
}

/// A channel of a scan that is or was saved.
#[derive(Debug)]
pub struct LiveChannel {
    outline: ChannelOutline,
    memory: LiveMemory,
    /// Index behind the last point that was received.
    received: AtomicU64,
    lost: Mutex<Vec<(u64, u64)>>,
    lost_points: AtomicU64,
    /// Set if data are not kept, or no more are.
    is_full: AtomicBool,
    early: Mutex<EarlyPoints>,
    sampler: Mutex<Sampler>,
}

impl LiveChannel {
    pub(super) fn new(outline: ChannelOutline, has_data: bool, memory: &LiveMemory) -> LiveChannel {
        let channel = LiveChannel {
            is_full: AtomicBool::new(!has_data || memory.is_off()),
            outline,
            memory: memory.clone(),
            received: AtomicU64::new(0),
            lost: Mutex::default(),
            lost_points: AtomicU64::new(0),
            early: Mutex::default(),
            sampler: Mutex::default(),
        };
        memory.add(channel.size());
        channel
    }

    /// Returns what the channel is.
    pub fn outline(&self) -> &ChannelOutline {
        &self.outline
    }

    /// Returns the index behind the last point that was received.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Returns how many points are lost.
    pub fn lost_points(&self) -> u64 {
        self.lost_points.load(Ordering::Relaxed)
    }

    /// Returns the ranges of points that are lost: the first one, and the one behind the last. The last range may hold
    /// others, too, if there are very many.
    pub fn lost(&self) -> Vec<(u64, u64)> {
        locked(&self.lost).clone()
    }

    /// Calls a function with the first points of a channel of numbers: the index of the first one of each range, and the
    /// data.
    pub fn early_points(&self, mut show: impl FnMut(u64, &[u8])) {
        for (first, data) in locked(&self.early).ranges() {
            show(first, data);
        }
    }

    /// Returns the last spectrum or image that was taken.
    pub fn sample(&self) -> Option<Sample> {
        locked(&self.sampler).last().cloned()
    }

    /// Notes that all points before this one have come, without their data.
    pub(super) fn advance(&self, end: u64) {
        self.received.fetch_max(end, Ordering::Relaxed);
    }

    /// Notes points that are lost.
    pub(super) fn lose(&self, first: u64, count: u64) {
        let end = first.saturating_add(count);
        self.received.fetch_max(end, Ordering::Relaxed);
        self.lost_points.fetch_add(count, Ordering::Relaxed);
        let mut lost = locked(&self.lost);
        let is_full = lost.len() == MAX_LOST_RANGES;
        match lost.last_mut() {
            Some((_, last)) if is_full || *last == first => *last = end.max(*last),
            _ => lost.push((first, end)),
        }
    }

    /// Notes points that have come, and keeps what is kept of them whether anybody looks or not.
    pub(super) fn receive(
        &self,
        block: PointBlock,
        is_watched: bool,
        find_room: impl Fn() -> bool,
    ) {
        let end = block.first.saturating_add(block.count);
        self.received.fetch_max(end, Ordering::Relaxed);
        let Some(number) = self.outline.number else {
            return;
        };
        match self.outline.kind {
            ChannelKind::Number => self.keep_early(block, number, find_room),
            ChannelKind::Spectrum | ChannelKind::Image => {
                self.sample_last(block, number, is_watched);
            }
            ChannelKind::Other => {}
        }
    }

    fn keep_early(&self, block: PointBlock, number: NumberType, find_room: impl Fn() -> bool) {
        if self.is_full.load(Ordering::Relaxed) || !has_numbers(block, number) {
            return;
        }
        let mut early = locked(&self.early);
        if !early.add(
            block.first,
            block.count,
            block.data,
            &self.memory,
            find_room,
        ) {
            self.is_full.store(true, Ordering::Relaxed);
        }
    }

    fn sample_last(&self, block: PointBlock, number: NumberType, is_watched: bool) {
        let shape: Option<Vec<u64>> = match block.shape {
            Some(shape) => Some(shape.to_vec()),
            None => self.outline.shape.iter().copied().collect(),
        };
        let Some(shape) = shape else {
            return;
        };
        let shape: Vec<usize> = shape.iter().map(|side| *side as usize).collect();
        let bytes = shape
            .iter()
            .try_fold(number.size, |bytes, side| bytes.checked_mul(*side));
        let Some(bytes) = bytes.filter(|bytes| *bytes > 0) else {
            return;
        };
        let is_small = shape.len() == 1 && bytes <= SMALL_SPECTRUM;
        if self.is_full.load(Ordering::Relaxed) || !is_watched && !is_small {
            return;
        }
        let Some(begin) = block.data.len().checked_sub(bytes) else {
            return;
        };
        let mut sampler = locked(&self.sampler);
        if sampler.is_due(shape.len()) {
            let before = sampler.last().map_or(0, |sample| sample.data.capacity());
            let last = block.first + block.count.saturating_sub(1);
            sampler.take(last, &shape, number.size, &block.data[begin..]);
            let after = sampler.last().map_or(0, |sample| sample.data.capacity());
            self.memory.add(after.saturating_sub(before));
        }
    }

    /// Returns about how many bytes it needs without data.
    fn size(&self) -> usize {
        let outline = &self.outline;
        let unit = outline.unit.as_ref().map_or(0, String::len);
        let shape = size_of_val(outline.shape.as_slice());
        size_of::<LiveChannel>() + outline.name.len() + outline.label.len() + unit + shape
    }
}

impl Drop for LiveChannel {
    fn drop(&mut self) {
        let early = locked(&self.early).taken();
        let sampler = locked(&self.sampler);
        let sample = sampler.last().map_or(0, |sample| sample.data.capacity());
        self.memory.give_back(self.size() + early + sample);
    }
}

/// Returns `true` if a block has one number per point.
pub(super) fn has_numbers(block: PointBlock, number: NumberType) -> bool {
    let bytes = (number.size as u64).checked_mul(block.count);
    bytes == Some(block.data.len() as u64) && block.count > 0
}

/// No code runs under the locks that could leave something half changed.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
