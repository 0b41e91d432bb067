//! Signals of plots: the data of detectors, in the shape of the scan.

use std::collections::HashSet;

use nexus::tree::{
    Content, Dataset, ElementType, Hyperslab, Item, Value, VirtualContent, VirtualSource,
};

use super::displayed::selects;
use crate::element::element_type;
use crate::layout::classic::channel::Channel;
use crate::layout::classic::channel_draft::interpretation;
use crate::layout::classic::dims::ScanDims;
use crate::layout::classic::names::normalised;
use crate::layout::classic::subscan::Subscan;
use crate::layout::classic::tree_builder::TreeBuilder;
use crate::layout::facts::ScanFacts;
use crate::source::StreamContent;

/// Why data cannot be shown in a plot.
#[derive(Debug, thiserror::Error)]
pub enum SignalError {
    #[error("it has fewer dimensions than the scan")]
    Rank,
    #[error("it is a list of file names")]
    FileNames,
    #[error("it holds no numbers")]
    NoNumbers,
    #[error("a file of its detector cannot be shown as a grid")]
    DetectorFile,
    #[error("{points:?} points cannot be shown as a grid of {grid:?}")]
    Grid { points: Vec<u64>, grid: Vec<u64> },
}

/// Data to be shown in a plot.
pub struct Signal<'a> {
    channel: &'a Channel,
    /// Extent of the scan, as it is shown.
    scan: Vec<u64>,
    /// Extent of one point.
    detector: Vec<u64>,
    /// The dataset in the shape of the grid; `None` if it has the shape of the scan itself.
    grid: Option<GridView>,
}

/// A list of points that is shown as a grid.
struct GridView {
    element: ElementType,
    flat: Vec<u64>,
    shape: Vec<u64>,
    interpretation: Option<&'static str>,
}

/// One NXdata: signals of the same shape.
pub struct Plot<'a> {
    pub name: String,
    /// Extent of the scan in all signals. Channels of a scan may have different numbers of points.
    pub scan: Vec<u64>,
    /// Extent of one point in all signals.
    pub detector: Vec<u64>,
    pub signals: Vec<Signal<'a>>,
}

impl Signal<'_> {
    /// Returns its name in the plot.
    pub fn name(&self) -> String {
        name(self.channel)
    }

    /// Returns a link to the dataset, or a view of it. The type of the view is that of the data.
    pub fn item(&self, entry: &str) -> Item {
        let source = format!("/{}", self.channel.path(entry));
        let Some(grid) = &self.grid else {
            return Item::SoftLink { target: source };
        };
        let attributes = grid
            .interpretation
            .map(|name| ("interpretation".to_owned(), Value::text(name)));
        let content = Content::Virtual(VirtualContent {
            element: grid.element.clone(),
            shape: grid.shape.clone(),
            sources: grid.rows(&source),
        });
        Item::Dataset(Dataset {
            attributes: attributes.into_iter().collect(),
            content,
        })
    }
}

impl GridView {
    /// Returns the part of the list that is shown as each row of the grid. One source would be
    /// enough for all of them, but nexusformat assumes that there are as many sources as the first
    /// dimension is long.
    fn rows(&self, list: &str) -> Vec<VirtualSource> {
        let detector = self.flat.get(1..).unwrap_or_default();
        let scan = &self.shape[..self.shape.len().saturating_sub(detector.len())];
        let Some((&length, outer)) = scan.split_last() else {
            return Vec::new();
        };
        let part = |start: Vec<u64>, count: Vec<u64>| Hyperslab {
            start: [start, vec![0; detector.len()]].concat(),
            stride: None,
            count: [count, detector.to_vec()].concat(),
            block: None,
        };
        (0..outer.iter().product())
            .map(|row| VirtualSource {
                target: part(
                    [unravelled(row, outer), vec![0]].concat(),
                    [vec![1; outer.len()], vec![length]].concat(),
                ),
                file: ".".to_owned(),
                dataset: list.to_owned(),
                selection: part(vec![row * length], vec![length]),
            })
            .collect()
    }
}

/// Returns the indices of an element by its position in C order.
fn unravelled(mut place: u64, shape: &[u64]) -> Vec<u64> {
    let mut indices: Vec<_> = shape
        .iter()
        .rev()
        .map(|size| {
            let index = place % size;
            place /= size;
            index
        })
        .collect();
    indices.reverse();
    indices
}

/// Returns the signals that the items select, in their order: for each item the first detector by
/// name. Adds a notice for each detector that cannot be shown.
pub fn select<'a>(
    builder: &mut TreeBuilder,
    subscan: &'a Subscan,
    items: &[&str],
    facts: &ScanFacts,
    dims: &ScanDims,
) -> Vec<Signal<'a>> {
    let stored = |channel: &Channel| {
        let facts = facts.streams.get(&channel.stream.name);
        facts.is_some_and(|facts| facts.stored)
    };
    let mut detectors: Vec<&Channel> = subscan
        .channels
        .iter()
        .filter(|channel| !channel.is_positioner() && stored(channel))
        .collect();
    detectors.sort_by_cached_key(|channel| name(channel));
    let mut names = HashSet::new();
    let mut signals = Vec::new();
    for item in items {
        let channel = detectors
            .iter()
            .find(|channel| selects(item, &channel.stream.channel));
        let Some(channel) = channel.filter(|channel| names.insert(name(channel))) else {
            continue;
        };
        match signal(channel, facts, dims) {
            Ok(signal) => signals.push(signal),
            Err(reason) => builder.notice(
                &channel.path(&subscan.entry),
                format!("is left out of the plot: {reason}"),
            ),
        }
    }
    signals
}

/// Returns one plot per shape. If there are several, their names end with the type of their first
/// device, and with numbers if these types are not distinct.
pub fn plots<'a>(name: &str, signals: Vec<Signal<'a>>) -> Vec<Plot<'a>> {
    let mut plots: Vec<Plot> = Vec::new();
    for signal in signals {
        match plots
            .iter_mut()
            .find(|plot| plot.scan == signal.scan && plot.detector == signal.detector)
        {
            Some(plot) => plot.signals.push(signal),
            None => plots.push(Plot {
                name: name.to_owned(),
                scan: signal.scan.clone(),
                detector: signal.detector.clone(),
                signals: vec![signal],
            }),
        }
    }
    if plots.len() < 2 {
        return plots;
    }
    plots.sort_by_cached_key(|plot| {
        let mut names: Vec<_> = plot.signals.iter().map(Signal::name).collect();
        names.sort();
        names
    });
    let suffixes: Vec<String> = plots.iter().map(suffix).collect();
    let distinct: HashSet<&String> = suffixes.iter().collect();
    let numbered = distinct.len() < suffixes.len();
    for (index, (plot, suffix)) in plots.iter_mut().zip(&suffixes).enumerate() {
        plot.name = match numbered {
            true => format!("{name}_{suffix}{}", index + 1),
            false => format!("{name}_{suffix}"),
        };
    }
    plots
}

fn suffix(plot: &Plot) -> String {
    let device_type = plot
        .signals
        .first()
        .map(|signal| &signal.channel.device_type);
    match device_type {
        Some(name) if !name.is_empty() => normalised(name),
        _ => format!("unknown{}D", plot.detector.len()),
    }
}

fn signal<'a>(
    channel: &'a Channel,
    facts: &ScanFacts,
    dims: &ScanDims,
) -> Result<Signal<'a>, SignalError> {
    let facts = facts.streams.get(&channel.stream.name);
    let shape = facts
        .map(|facts| facts.shape.as_slice())
        .unwrap_or_default();
    let (saved, detector) = shape
        .split_at_checked(dims.saved.len())
        .ok_or(SignalError::Rank)?;
    let element = match &channel.stream.content {
        Ok(StreamContent::Frames(_)) if detector.is_empty() => {
            return Err(SignalError::FileNames);
        }
        Ok(StreamContent::Frames(files)) => Some(element_type(files.frame().dtype)),
        Ok(StreamContent::Numbers { element, .. }) => Some(element.clone()),
        Ok(StreamContent::MasterFile(_)) => None,
        Ok(StreamContent::Texts { .. } | StreamContent::References) | Err(_) => {
            return Err(SignalError::NoNumbers);
        }
    };
    let grid = match dims.scan.len() == dims.saved.len() {
        true => None,
        false => Some(grid(element.as_ref(), shape, saved, detector, dims)?),
    };
    Ok(Signal {
        channel,
        scan: match &grid {
            Some(_) => dims.scan.clone(),
            None => saved.to_vec(),
        },
        detector: detector.to_vec(),
        grid,
    })
}

fn grid(
    element: Option<&ElementType>,
    flat: &[u64],
    saved: &[u64],
    detector: &[u64],
    dims: &ScanDims,
) -> Result<GridView, SignalError> {
    let element = element.ok_or(SignalError::DetectorFile)?;
    if elements(saved) != elements(&dims.scan) {
        return Err(SignalError::Grid {
            points: saved.to_vec(),
            grid: dims.scan.clone(),
        });
    }
    let unfolded = ScanDims {
        scan: dims.scan.clone(),
        saved: dims.scan.clone(),
    };
    Ok(GridView {
        element: element.clone(),
        flat: flat.to_vec(),
        shape: [&dims.scan, detector].concat(),
        interpretation: interpretation(detector.len(), &unfolded),
    })
}

/// Returns the number of elements, or `None` if it does not fit in 64 bits.
pub fn elements(shape: &[u64]) -> Option<u64> {
    shape
        .iter()
        .try_fold(1u64, |all, size| all.checked_mul(*size))
}

/// Returns the name of a channel in a plot. Without a device, it is that of its dataset after an underscore, as in files of
/// `blisswriter`.
pub fn name(channel: &Channel) -> String {
    match (channel.link.as_str(), channel.device.as_str()) {
        ("", _) => channel.dataset.clone(),
        (link, "") if !link.starts_with('_') => format!("_{link}"),
        (link, _) => link.to_owned(),
    }
}
