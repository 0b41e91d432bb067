//! Axes of plots: the positions of a scan, and indices along the dimensions of a detector.

use std::collections::{BTreeMap, HashSet};

use nexus::tree::{ByteOrder, Content, Dataset, ElementType, Item, Value};

use super::fit::positions;
use super::signals::{Plot, elements, name};
use crate::layout::classic::channel::Channel;
use crate::layout::classic::dims::ScanDims;
use crate::layout::classic::subscan::Subscan;
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
///
/// # Errors
/// Returns an error if the plot has to be left out.
pub fn axes(
    subscan: &Subscan,
    plot: &Plot,
    facts: &ScanFacts,
    dims: &ScanDims,
) -> Result<Vec<(String, Item)>, AxisError> {
    let positioners = positioners(subscan, facts);
    let rank = dims.scan.len();
    let fits = positioners.len() == rank;
    let mut axes: Vec<(String, Item)> = match rank {
        0 => Vec::new(),
        _ if !fits && !plot.detector.is_empty() => return Ok(Vec::new()),
        1 => positioners
            .into_iter()
            .map(|channel| (name(channel).to_owned(), link(channel, &subscan.entry)))
            .collect(),
        _ if !fits => Vec::new(),
        // The slowest motor, the last of its device, goes with the first dimension.
        _ => positioners
            .into_iter()
            .rev()
            .enumerate()
            .map(|(axis, channel)| {
                let line =
                    line(channel, axis, facts, dims).map_err(|reason| AxisError::Positions {
                        name: name(channel).to_owned(),
                        reason,
                    })?;
                Ok((name(channel).to_owned(), line))
            })
            .collect::<Result<_, AxisError>>()?,
    };
    if axes.len() == rank {
        for (axis, size) in plot.detector.iter().enumerate() {
            axes.push((format!("datadim{axis}"), indices(*size)?));
        }
    }
    let mut names: HashSet<&str> = plot.signals.iter().map(|signal| signal.name()).collect();
    match axes.iter().find(|(name, _)| !names.insert(name)) {
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

/// Returns the positions along one dimension of the grid.
fn line(
    channel: &Channel,
    axis: usize,
    facts: &ScanFacts,
    dims: &ScanDims,
) -> Result<Item, PositionError> {
    let facts = facts.streams.get(&channel.stream.name);
    let facts = facts.ok_or(PositionError::NoData)?;
    let values = facts.values.as_deref().ok_or(PositionError::Unknown)?;
    // Datasets with the shape of the grid may have grown beyond it.
    let grid = match dims.saved.len() == dims.scan.len() {
        true => &facts.shape,
        false => &dims.scan,
    };
    if grid.len() != dims.scan.len() || elements(grid) != Some(values.len() as u64) {
        return Err(PositionError::Grid {
            points: values.len(),
            grid: grid.clone(),
        });
    }
    let line = positions(values, grid, axis).ok_or(PositionError::NoNumber)?;
    let bytes = line.iter().flat_map(|position| position.to_le_bytes());
    Ok(dataset(Value::Numbers {
        element: ElementType::Float(8, ByteOrder::Little),
        shape: vec![line.len() as u64],
        bytes: bytes.collect(),
    }))
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
