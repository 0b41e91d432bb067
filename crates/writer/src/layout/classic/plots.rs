//! Plots, and the chain of defaults that leads a viewer to them.
//!
//! The items that a user displays during a scan ([`displayed`]) become one NXdata per shape of
//! data. Its [`signals`] are links to datasets, or views of them in the shape of the grid; its
//! [`axes`] are the positioners. A plot that is not possible is left out, with a notice.

mod axes;
mod displayed;
mod fit;
mod signals;

use nexus::tree::{Item, Value};

use super::channel::Channel;
use super::dims::ScanDims;
use super::subscan::Subscan;
use super::tree_builder::TreeBuilder;
use crate::layout::facts::ScanFacts;
pub use displayed::displayed_items;
use signals::Plot;

/// Name of the plot of the displayed items. If there are several plots, their names begin with it.
const PLOT_NAME: &str = "plotselect";

/// Returns the streams whose values the axes of plots need: all positioners of grid scans, because
/// the displayed items may change until the end of the scan, and of lists of points those with another length than
/// what they may be plotted with.
pub fn values_wanted(subscans: &[Subscan], dims: &ScanDims, facts: &ScanFacts) -> Vec<String> {
    let length = |channel: &Channel| {
        let facts = facts.streams.get(&channel.stream.name)?;
        facts.shape.first().copied()
    };
    let is_wanted = |subscan: &Subscan, channel: &Channel| match dims.scan.len() {
        0 => false,
        1 => {
            let mut lengths = subscan.channels.iter().filter_map(length);
            lengths.any(|other| Some(other) != length(channel))
        }
        _ => true,
    };
    let mut wanted = Vec::new();
    for subscan in subscans {
        let axes = subscan.channels.iter().filter(|one| axes::is_axis(one));
        let axes = axes.filter(|channel| is_wanted(subscan, channel));
        wanted.extend(axes.map(|channel| channel.stream.name.clone()));
    }
    wanted
}

/// Adds the plots of a subscan and the attributes `default`. The last subscan is the default of the
/// file.
pub fn build(
    builder: &mut TreeBuilder,
    subscan: &Subscan,
    items: &[&str],
    facts: &ScanFacts,
    dims: &ScanDims,
) {
    let entry = &subscan.entry;
    builder.attribute("", "default", Value::text(entry));
    if items.is_empty() {
        return;
    }
    let selected = format!("{entry}/{PLOT_NAME}");
    if builder.has(&selected) {
        builder.notice(&selected, "exists already, there is no plot of this name");
        return;
    }
    let signals = signals::select(builder, subscan, items, facts, dims);
    let mut last = None;
    for plot in signals::plots(PLOT_NAME, signals) {
        if build_plot(builder, subscan, &plot, facts, dims) {
            last = Some(plot.name);
        }
    }
    let Some(last) = last else { return };
    if last != PLOT_NAME {
        builder.link(&selected, &format!("/{entry}/{last}"));
    }
    builder.attribute(entry, "default", Value::text(PLOT_NAME));
}

fn build_plot(
    builder: &mut TreeBuilder,
    subscan: &Subscan,
    plot: &Plot,
    facts: &ScanFacts,
    dims: &ScanDims,
) -> bool {
    let path = format!("{}/{}", subscan.entry, plot.name);
    if builder.has(&path) {
        builder.notice(&path, "exists already, there is no plot of this name");
        return false;
    }
    let axes = match axes::axes(builder, subscan, plot, facts, dims) {
        Ok(axes) => axes,
        Err(reason) => {
            builder.notice(&path, format!("the plot is left out: {reason}"));
            return false;
        }
    };
    let signals: Vec<_> = plot
        .signals
        .iter()
        .map(|signal| (signal.name(), signal.item(&subscan.entry)))
        .collect();
    let names = |items: &[(String, Item)]| items.iter().map(|(name, _)| name.clone()).collect();
    let (signal_names, axis_names): (Vec<String>, Vec<String>) = (names(&signals), names(&axes));
    let Some((first, others)) = signal_names.split_first() else {
        return false;
    };
    if !builder.class_group(&path, "NXdata") {
        return false;
    }
    builder.attribute(&path, "signal", Value::text(first));
    if !others.is_empty() {
        builder.attribute(&path, "auxiliary_signals", texts(others));
    }
    if !axis_names.is_empty() {
        builder.attribute(&path, "axes", texts(&axis_names));
    }
    for (name, item) in signals.into_iter().chain(axes) {
        let member = format!("{path}/{name}");
        // Metadata that are added later must not be assigned to it.
        builder.reserve(&member);
        builder.item(&member, item);
    }
    true
}

fn texts(names: &[String]) -> Value {
    Value::Texts {
        shape: vec![names.len() as u64],
        texts: names.to_vec(),
    }
}
