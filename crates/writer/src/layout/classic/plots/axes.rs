//! Axes of plots: the positions of a scan, and indices along the dimensions of a detector.

use std::collections::{BTreeMap, HashSet};

use nexus::tree::{ByteOrder, Content, Dataset, ElementType, Item, Value};

use super::fit::positions;
use super::signals::{Plot, elements, name};
use crate::layout::classic::channel::Channel;
use crate::layout::classic::dims::ScanDims;
use crate::layout::classic::subscan::Subscan;
use crate::layout::classic::tree_builder::TreeBuilder;
use crate::layout::facts::ScanFacts;
use crate::source::StreamContent;

/// The most indices of an axis: more would take too much space.
const MOST_INDICES: u64 = 1 << 24;

/// Why a plot has no axes.
#[derive(Debug, thiserror::Error)]
pub enum AxisError {
    #[error("positions of {name}: {reason}")]
    Positions { name: String, reason: PositionError },
    #[error("two members have the name {0}")]
    Name(String),
    #[error("a dimension of {0} is too long for a plot")]
    Length(u64),
}

/// Why the positions of a motor are no axis of a grid.
#[derive(Debug, thiserror::Error)]
pub enum PositionError {
    #[error("there are none")]
    NoData,
    #[error("they are not known")]
    Unknown,
    #[error("{points} points are no grid of {grid:?}")]
    Grid { points: usize, grid: Vec<u64> },
    #[error("none is a number")]
    NoNumber,
    #[error("{0} are too many for a copy")]
    TooMany(u64),
}

/// Returns `true` if a channel may be an axis.
pub fn is_axis(channel: &Channel) -> bool {
    let is_numbers = matches!(channel.stream.content, Ok(StreamContent::Numbers { .. }));
    channel.is_positioner() && channel.principal && channel.master_index.is_some() && is_numbers
}

/// Returns the axes of a plot with their names, those of the scan first.
///
/// The axes of a list of points are all of its positioners; several of them make a scatter plot. A
/// grid has one axis per dimension, or none if it has not as many positioners as dimensions.
/// Adds a notice for each positioner that has not as many points as the signals.
///
/// # Errors
/// Returns an error if the plot has to be left out.
pub fn axes(
    builder: &mut TreeBuilder,
    subscan: &Subscan,
    plot: &Plot,
    facts: &ScanFacts,
    dims: &ScanDims,
) -> Result<Vec<(String, Item)>, AxisError> {
    let positioners = positioners(subscan, facts);
    let rank = dims.scan.len();
    let fits = positioners.len() == rank;
    let is_drawn = fits || (rank == 1 && plot.detector.is_empty());
    let mut axes = Vec::new();
    // The slowest motor, the last of its device, goes with the first dimension.
    let in_order: Vec<_> = match rank {
        0 => Vec::new(),
        1 => positioners,
        _ => positioners.into_iter().rev().collect(),
    };
    for (index, channel) in in_order.into_iter().enumerate().filter(|_| is_drawn) {
        let of_channel = |reason| AxisError::Positions {
            name: name(channel),
            reason,
        };
        let positions = Positions::read(channel, facts).map_err(of_channel)?;
        if !positions.fit(plot, dims) {
            let text = format!(
                "has the shape {:?}, what it is plotted with has {:?}",
                positions.shape, plot.scan
            );
            builder.notice(&channel.path(&subscan.entry), text);
        }
        let axis = match rank {
            1 if positions.fit(plot, dims) => link(channel, &subscan.entry),
            1 => positions.list(plot).map_err(of_channel)?,
            _ => positions.line(index, plot, dims).map_err(of_channel)?,
        };
        axes.push((name(channel), axis));
    }
    if axes.len() == rank {
        for (axis, size) in plot.detector.iter().enumerate() {
            axes.push((format!("datadim{axis}"), indices(*size)?));
        }
    }
    let mut names: HashSet<String> = plot.signals.iter().map(|signal| signal.name()).collect();
    match axes.iter().find(|(name, _)| !names.insert(name.clone())) {
        Some((name, _)) => Err(AxisError::Name(name.clone())),
        None => Ok(axes),
    }
}

/// Returns the positioners with data, the fastest first. Of several with the same index the last
/// one is used.
fn positioners<'a>(subscan: &'a Subscan, facts: &ScanFacts) -> Vec<&'a Channel> {
    let mut found = BTreeMap::new();
    for channel in subscan.channels.iter().filter(|channel| is_axis(channel)) {
        let stored = facts.streams.get(&channel.stream.name);
        if stored.is_some_and(|facts| facts.stored)
            && let Some(index) = channel.master_index
        {
            found.insert(index, channel);
        }
    }
    found.into_values().collect()
}

fn link(channel: &Channel, entry: &str) -> Item {
    let target = format!("/{}", channel.path(entry));
    Item::SoftLink { target }
}

/// The positions of a channel.
struct Positions<'a> {
    shape: &'a [u64],
    values: Option<&'a [f64]>,
}

impl Positions<'_> {
    fn read<'a>(channel: &Channel, facts: &'a ScanFacts) -> Result<Positions<'a>, PositionError> {
        let facts = facts.streams.get(&channel.stream.name);
        let facts = facts.ok_or(PositionError::NoData)?;
        Ok(Positions {
            shape: &facts.shape,
            values: facts.values.as_deref(),
        })
    }

    /// Returns how many there are. Grids may have places that are not filled.
    fn count(&self) -> u64 {
        self.shape.iter().product()
    }

    /// Returns `true` if there is one position for each point of a plot.
    fn fit(&self, plot: &Plot, dims: &ScanDims) -> bool {
        match dims.saved.len() == dims.scan.len() {
            true => self.shape == plot.scan,
            false => Some(self.count()) == elements(&plot.scan),
        }
    }

    /// Returns one position for each point of a list of points. Those that never came are not a number.
    fn list(&self, plot: &Plot) -> Result<Item, PositionError> {
        let values = self.values.ok_or(PositionError::Unknown)?;
        let points = plot.scan.iter().product::<u64>();
        if points > MOST_INDICES {
            return Err(PositionError::TooMany(points));
        }
        let missing = std::iter::repeat(f64::NAN);
        let positions = values.iter().copied().chain(missing);
        Ok(floats(positions.take(points as usize).collect()))
    }

    /// Returns the positions along one dimension of the grid.
    fn line(&self, axis: usize, plot: &Plot, dims: &ScanDims) -> Result<Item, PositionError> {
        let values = self.values.ok_or(PositionError::Unknown)?;
        // Datasets with the shape of the grid may have grown beyond it.
        let grid = match dims.saved.len() == dims.scan.len() {
            true => self.shape,
            false => &dims.scan,
        };
        let (Some(points), Some(length)) = (elements(grid), plot.scan.get(axis)) else {
            return Err(PositionError::Unknown);
        };
        if grid.len() != dims.scan.len() {
            return Err(PositionError::Grid {
                points: values.len(),
                grid: grid.to_vec(),
            });
        }
        let points = usize::try_from(points).unwrap_or(usize::MAX);
        let inside = values.get(..points).unwrap_or(values);
        let line = positions(inside, grid, axis, *length).ok_or(PositionError::NoNumber)?;
        Ok(floats(line))
    }
}

fn floats(values: Vec<f64>) -> Item {
    dataset(Value::Numbers {
        element: ElementType::Float(8, ByteOrder::Little),
        shape: vec![values.len() as u64],
        bytes: values.into_iter().flat_map(f64::to_le_bytes).collect(),
    })
}

fn indices(size: u64) -> Result<Item, AxisError> {
    if size > MOST_INDICES {
        return Err(AxisError::Length(size));
    }
    Ok(dataset(Value::Numbers {
        element: ElementType::Int(8, ByteOrder::Little),
        shape: vec![size],
        bytes: (0..size).flat_map(u64::to_le_bytes).collect(),
    }))
}

fn dataset(value: Value) -> Item {
    Item::Dataset(Dataset {
        attributes: Vec::new(),
        content: Content::Value(value),
    })
}
