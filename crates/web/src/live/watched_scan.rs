//! The data of one scan that is or was watched.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use observation::{ChannelKind, LiveBlock, LiveChannel, LiveScan};

use super::bins::Bins;
use super::map::{Map, MapShape};

/// The data of one scan that is or was watched.
#[derive(Debug)]
pub struct WatchedScan {
    scan: Arc<LiveScan>,
    asked: Instant,
    channels: BTreeMap<usize, NumberData>,
}

/// What is kept of a channel of numbers.
#[derive(Debug, Default)]
struct NumberData {
    bins: Bins,
    map: Option<Map>,
}

impl NumberData {
    fn add(&mut self, first: u64, values: &[f64]) {
        self.bins.add(first, values);
        if let Some(map) = &mut self.map {
            map.add(first, values);
        }
    }
}

impl WatchedScan {
    /// Creates the data of a scan that is not watched yet.
    pub fn new(scan: &Arc<LiveScan>) -> WatchedScan {
        WatchedScan {
            scan: scan.clone(),
            asked: Instant::now(),
            channels: BTreeMap::new(),
        }
    }

    /// Returns the scan.
    pub fn scan(&self) -> &Arc<LiveScan> {
        &self.scan
    }

    /// Begins or continues to watch. Returns `true` if the scan was not watched.
    pub fn watch(&mut self) -> bool {
        self.asked = Instant::now();
        if self.scan.is_watched() {
            return false;
        }
        // What comes from now on is in the queue. What came before is with the channels, up to some size.
        self.scan.set_watched(true);
        for (index, channel) in self.scan.channels().iter().enumerate() {
            if channel.outline().kind == ChannelKind::Number {
                let mut data = self.channels.remove(&index);
                let data = data.get_or_insert_with(|| new_data(&self.scan));
                add_early(data, channel);
                self.channels.insert(index, std::mem::take(data));
            }
        }
        true
    }

    /// Stops to watch if nobody has asked for so long.
    pub fn end_if_unused(&mut self, time: Duration) {
        if self.asked.elapsed() > time {
            self.end();
        }
    }

    /// Stops to watch.
    pub fn end(&self) {
        self.scan.set_watched(false);
    }

    /// Takes points out of the queue.
    pub fn take(&mut self, block: &LiveBlock) {
        let Some(channel) = self.scan.channels().get(block.channel).cloned() else {
            return;
        };
        let Some(number) = channel.outline().number else {
            return;
        };
        let data = self.data(block.channel, &channel);
        data.add(block.first, &number.decode(&block.data));
    }

    /// Returns the curve of a channel.
    pub fn bins(&mut self, index: usize, channel: &LiveChannel) -> &Bins {
        &self.data(index, channel).bins
    }

    /// Returns the map of a channel. The points before the first question may be missing on a large one.
    pub fn map(&mut self, index: usize, channel: &LiveChannel, shape: &MapShape) -> &Map {
        let data = self.data(index, channel);
        let NumberData { map, .. } = data;
        if map.is_none() {
            *map = Some(Map::new(shape.clone()));
            add_early(data, channel);
        }
        data.map.get_or_insert_with(|| Map::new(shape.clone()))
    }

    /// Returns about how many bytes it needs.
    pub fn size(&self) -> usize {
        let size = |data: &NumberData| {
            let cells = data.map.as_ref().map_or(0, |map| map.cells().len());
            size_of::<NumberData>() + data.bins.size() + cells * size_of::<f32>()
        };
        self.channels.values().map(size).sum()
    }

    fn data(&mut self, index: usize, channel: &LiveChannel) -> &mut NumberData {
        self.channels.entry(index).or_insert_with(|| {
            let mut data = new_data(&self.scan);
            add_early(&mut data, channel);
            data
        })
    }
}

/// Returns what is kept of a channel before there are points.
fn new_data(scan: &LiveScan) -> NumberData {
    let grid = scan.outline().and_then(|outline| outline.grid.as_ref());
    let shape = grid.and_then(MapShape::of).filter(MapShape::is_small);
    NumberData {
        bins: Bins::default(),
        map: shape.map(Map::new),
    }
}

fn add_early(data: &mut NumberData, channel: &LiveChannel) {
    if let Some(number) = channel.outline().number {
        channel.early_points(|first, bytes| data.add(first, &number.decode(bytes)));
    }
}
