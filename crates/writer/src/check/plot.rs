//! Checks of plots: the chain of `default` attributes that leads a viewer to a plot, and the plot
//! itself.
//!
//! The rules are those of the NeXus manual: `default` of the root and of an entry, `signal`,
//! `auxiliary_signals`, `axes` and `AXISNAME_indices` of an NXdata.

use std::collections::HashSet;

use nexus::h5::{Group, ObjectKind};

use super::Finding;
use super::lengths::{destination, shape};
use super::text::{attribute, first, join};

/// The most defaults of one chain: more are a cycle.
const MOST_DEFAULTS: usize = 16;

/// The datasets of a scan that its streams fill.
#[derive(Clone)]
pub struct StreamDatasets<'a> {
    /// Whether the scan is being written, so that lengths differ by points that are not written yet.
    pub growing: bool,
    /// Paths of the datasets.
    pub paths: HashSet<&'a str>,
}

/// Checks the chain that begins at this group. A group without a default has no plot, which is
/// valid.
pub fn chain(root: &Group, from: &str, streams: &StreamDatasets) -> Vec<Finding> {
    let mut path = from.to_owned();
    for _ in 0..MOST_DEFAULTS {
        let group = match root.open_group(&path) {
            Ok(group) => group,
            Err(error) => return vec![Finding::problem(path, format!("cannot be read: {error}"))],
        };
        match first(&group, "NX_class").as_deref() {
            Some("NXdata") => return plot(root, &group, &path, streams),
            // Each entry is checked on its own.
            Some("NXentry") if from == "/" => return Vec::new(),
            _ => {}
        }
        let Some(default) = first(&group, "default") else {
            return Vec::new();
        };
        let next = join(&path, &default);
        match root.kind(&next) {
            Ok(Some(ObjectKind::Group)) => path = next,
            // Plots in other files are not checked.
            Ok(Some(ObjectKind::External)) => return Vec::new(),
            _ => {
                let text = format!("leads to {default:?}, which is no group");
                return vec![Finding::problem(format!("{path}@default"), text)];
            }
        }
    }
    vec![Finding::problem(
        format!("{from}@default"),
        "leads in a circle",
    )]
}

fn plot(root: &Group, group: &Group, path: &str, streams: &StreamDatasets) -> Vec<Finding> {
    let mut findings = Vec::new();
    let others = attribute(group, "auxiliary_signals").unwrap_or_default();
    let signal = first(group, "signal");
    if signal.is_none() {
        findings.push(Finding::problem(path, "has no signal"));
    }
    let axes = attribute(group, "axes").unwrap_or_default();
    let drawn = axes.iter().filter(|axis| *axis != ".");
    for name in others.iter().chain(&signal).chain(drawn) {
        if !matches!(
            root.kind(&join(path, name)),
            Ok(Some(ObjectKind::Dataset | ObjectKind::External))
        ) {
            findings.push(Finding::problem(path, format!("has no dataset {name:?}")));
        }
    }
    let signal = signal.map(|signal| join(path, &signal));
    let extent = signal.and_then(|signal| shape(root, &signal));
    let Some(extent) = extent.filter(|_| !streams.growing) else {
        return findings;
    };
    for name in others {
        let other = join(path, &name);
        if let Some(found) = shape(root, &other).filter(|found| *found != extent) {
            let text =
                format!("is drawn with a signal of shape {extent:?}, but has the shape {found:?}");
            findings.push(Finding::problem(other, text));
        }
    }
    for (index, axis) in axes.iter().enumerate() {
        let dimension = dimension(group, axis, index, &axes, &extent);
        findings.extend(agree(root, &join(path, axis), &extent, dimension, streams));
    }
    findings
}

/// Returns the dimension of the signal that an axis belongs to, if that is known.
fn dimension(
    group: &Group,
    axis: &str,
    index: usize,
    axes: &[String],
    extent: &[u64],
) -> Option<usize> {
    if let Some(indices) = attribute(group, &format!("{axis}_indices")) {
        return match indices.as_slice() {
            [only] => only.parse().ok(),
            _ => None,
        };
    }
    match extent.len() {
        // In a scatter plot, each axis has one value for each point.
        1 => Some(0),
        dimensions if dimensions == axes.len() => Some(index),
        _ => None,
    }
}

/// Checks the length of an axis.
fn agree(
    root: &Group,
    axis: &str,
    signal: &[u64],
    dimension: Option<usize>,
    streams: &StreamDatasets,
) -> Option<Finding> {
    let (dimension, shape) = (dimension?, shape(root, axis)?);
    let Some(&points) = signal.get(dimension) else {
        let text = format!("belongs to dimension {dimension}, which the signal has not");
        return Some(Finding::problem(axis, text));
    };
    let [length] = shape[..] else {
        return None;
    };
    // Edges of bins are one more than bins. Positions of a scan are no edges.
    let edges = length.saturating_sub(1) == points
        && !streams.paths.contains(destination(root, axis).as_str());
    if length == points || edges {
        return None;
    }
    let text = format!("has {length} points, the signal has {points}");
    Some(Finding::problem(axis, text))
}
