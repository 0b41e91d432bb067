//! Checks of plots: the chain of `default` attributes that leads a viewer to a plot, and the plot
//! itself.
//!
//! The rules are those of the NeXus manual: `default` of the root and of an entry, `signal`,
//! `auxiliary_signals`, `axes` and `AXISNAME_indices` of an NXdata.

use nexus::h5::{Group, ObjectKind};

use super::Finding;
use super::lengths::{DatasetLengths, destination, shape};
use super::text::{attribute, first, join};

/// The most defaults of one chain: more are a cycle.
const MOST_DEFAULTS: usize = 16;

/// Checks the chain that begins at this group. A group without a default has no plot, which is
/// valid.
pub fn chain(root: &Group, from: &str, lengths: &DatasetLengths) -> Vec<Finding> {
    let mut path = from.to_owned();
    for _ in 0..MOST_DEFAULTS {
        let group = match root.open_group(&path) {
            Ok(group) => group,
            Err(error) => return vec![Finding::problem(path, format!("cannot be read: {error}"))],
        };
        match first(&group, "NX_class").as_deref() {
            Some("NXdata") => return plot(root, &group, &path, lengths),
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

fn plot(root: &Group, group: &Group, path: &str, lengths: &DatasetLengths) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut names = attribute(group, "auxiliary_signals").unwrap_or_default();
    let signal = first(group, "signal");
    match &signal {
        Some(signal) => names.push(signal.clone()),
        None => findings.push(Finding::problem(path, "has no signal")),
    }
    let axes = attribute(group, "axes").unwrap_or_default();
    names.extend(axes.iter().filter(|axis| *axis != ".").cloned());
    for name in names {
        if !matches!(
            root.kind(&join(path, &name)),
            Ok(Some(ObjectKind::Dataset | ObjectKind::External))
        ) {
            findings.push(Finding::problem(path, format!("has no dataset {name:?}")));
        }
    }
    let signal = signal.map(|signal| join(path, &signal));
    if let Some((signal, extent)) = signal.and_then(|at| shape(root, &at).map(|s| (at, s))) {
        for (index, axis) in axes.iter().enumerate() {
            findings.extend(agree(
                root,
                (path, axis),
                (&signal, &extent),
                dimension(group, axis, index, &axes, &extent),
                lengths,
            ));
        }
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
    (path, axis): (&str, &str),
    (signal, extent): (&str, &[u64]),
    dimension: Option<usize>,
    lengths: &DatasetLengths,
) -> Vec<Finding> {
    let axis = join(path, axis);
    let (Some(dimension), Some(shape)) = (dimension, shape(root, &axis)) else {
        return Vec::new();
    };
    let Some(points) = extent.get(dimension) else {
        let text = format!("belongs to dimension {dimension}, which the signal has not");
        return vec![Finding::problem(axis, text)];
    };
    match shape.as_slice() {
        // An axis of bin edges has one value more.
        [length] if length == points || *length == points + 1 => Vec::new(),
        [length] => {
            let both = [
                (destination(root, &axis), *length),
                (destination(root, signal), *points),
            ];
            lengths.compare(path, &both)
        }
        _ => Vec::new(),
    }
}
