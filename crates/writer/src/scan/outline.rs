//! Reads from a scan's info what observers need to show the scan: title, channels, axes, plots, grid.
//!
//! Fields that are missing or of another type leave out what depends on them. The fields are those that BLISS writes for its
//! own display, flint (`bliss/flint/scan_info_parser` of BLISS 2.1).

use acquisition::DType;
use nexus::tree::{ByteOrder, ElementType};
use observation::{
    ChannelKind, ChannelOutline, NumberKind, NumberType, ScanGrid, ScanOutline, ScanPlot,
};
use serde_json::Value as Json;

use crate::element::element_type;
use crate::layout::info::{count, mapping, texts};
use crate::source::{StreamContent, StreamDescription};

/// The most plots, and the most items of each.
const MAX_PLOTS: usize = 32;

/// The most characters of a title.
const MAX_TITLE: usize = 500;

/// Returns what is known of a scan when it is prepared.
pub fn scan_outline(
    info: &Json,
    streams: &[StreamDescription],
    expected: Option<u64>,
) -> ScanOutline {
    let title = info.get("title").and_then(Json::as_str);
    let axes = axes(info, streams);
    ScanOutline {
        title: title.unwrap_or_default().chars().take(MAX_TITLE).collect(),
        expected,
        plots: plots(info, streams, &axes),
        grid: grid(info, &axes),
        axes: axes.into_iter().map(|axis| axis.name).collect(),
    }
}

/// Returns what a stream is.
pub fn channel_outline(stream: &StreamDescription, info: &Json) -> ChannelOutline {
    let described = described(info, &stream.channel);
    let text = |field| described.and_then(|about| about.get(field)?.as_str());
    let short = stream.channel.rsplit(':').next();
    let label = text("display_name").or(short).unwrap_or(&stream.channel);
    let (number, shape) = match &stream.content {
        Ok(StreamContent::Numbers { element, shape }) => (number_type(element), shape.clone()),
        Ok(StreamContent::Texts { shape }) => (None, shape.iter().copied().map(Some).collect()),
        Ok(StreamContent::Frames(files)) => frames(files.frame().dtype, &files.frame().shape),
        _ => (None, Vec::new()),
    };
    let is_in_files = matches!(
        stream.content,
        Ok(StreamContent::Frames(_) | StreamContent::MasterFile(_))
    );
    ChannelOutline {
        name: stream.name.clone(),
        label: label.to_owned(),
        unit: text("unit").map(str::to_owned),
        kind: match (number, shape.len()) {
            (Some(_), 0) => ChannelKind::Number,
            (Some(_), 1) => ChannelKind::Spectrum,
            (Some(_), 2) => ChannelKind::Image,
            _ => ChannelKind::Other,
        },
        number,
        shape,
        is_in_files,
    }
}

fn frames(dtype: DType, shape: &[Option<u64>]) -> (Option<NumberType>, Vec<Option<u64>>) {
    (number_type(&element_type(dtype)), shape.to_vec())
}

fn number_type(element: &ElementType) -> Option<NumberType> {
    let (kind, size, order) = match element {
        ElementType::Bool => (NumberKind::Bool, 1, ByteOrder::Little),
        ElementType::Int(size, order) => (NumberKind::Int, *size, *order),
        ElementType::Uint(size, order) => (NumberKind::Uint, *size, *order),
        ElementType::Float(size, order) => (NumberKind::Float, *size, *order),
        _ => return None,
    };
    Some(NumberType {
        kind,
        size,
        is_big_endian: order == ByteOrder::Big,
    })
}

/// A channel along which the scan moves.
struct Axis {
    name: String,
    /// Its place among the axes: 0 is the fastest.
    id: Option<u64>,
    /// Number of its positions in a grid.
    points: Option<u64>,
    is_snake: bool,
}

fn described<'i>(info: &'i Json, channel: &str) -> Option<&'i Json> {
    mapping(info, "channels")?.get(channel)
}

/// Returns the channels along which the scan moves, the fastest first if that is known.
fn axes(info: &Json, streams: &[StreamDescription]) -> Vec<Axis> {
    let chain = mapping(info, "acquisition_chain");
    let masters = chain.into_iter().flat_map(|chain| chain.values());
    let of_masters = masters.filter_map(|top| top.get("master"));
    let scalars: Vec<&str> = of_masters
        .flat_map(|master| texts(master, "scalars"))
        .collect();
    let axis = |stream: &StreamDescription| {
        let about = described(info, &stream.channel);
        let field = |name| about.and_then(|about| about.get(name));
        let kind = field("axis_kind").and_then(Json::as_str);
        if !scalars.contains(&&*stream.channel) && kind.is_none() {
            return None;
        }
        Some(Axis {
            name: stream.name.clone(),
            id: count(field("axis_id")),
            points: count(field("axis_points")),
            is_snake: kind.is_some_and(|kind| kind.ends_with("backnforth")),
        })
    };
    let mut axes: Vec<Axis> = streams.iter().filter_map(axis).collect();
    axes.sort_by_key(|axis| axis.id.unwrap_or(u64::MAX));
    axes
}

/// Returns the grid of the scan, if it has two sides or more.
fn grid(info: &Json, axes: &[Axis]) -> Option<ScanGrid> {
    let sides = count(info.get("data_dim")).filter(|sides| (2..=8).contains(sides))?;
    let side = |side: u64| {
        let axis = axes.iter().find(|axis| axis.id == Some(side));
        let points = count(info.get(format!("npoints{}", side + 1)));
        let points = points.or_else(|| axis?.points);
        points.filter(|points| *points > 0)
    };
    let shape: Vec<u64> = (0..sides).rev().map(side).collect::<Option<_>>()?;
    let is_of_side = |side: u64| axes.iter().find(move |axis| axis.id == Some(side));
    let of_sides: Option<Vec<String>> = (0..sides)
        .rev()
        .map(|side| is_of_side(side).map(|axis| axis.name.clone()))
        .collect();
    Some(ScanGrid {
        shape,
        axes: of_sides.unwrap_or_default(),
        is_snake: is_of_side(0).is_some_and(|fast| fast.is_snake),
    })
}

/// Returns the plots that BLISS displays. What is plotted is chosen by users, so it may be named elsewhere.
fn plots(info: &Json, streams: &[StreamDescription], axes: &[Axis]) -> Vec<ScanPlot> {
    let name = |channel: &str| {
        let mut streams = streams.iter();
        let found = streams.find(|stream| stream.channel == channel || stream.name == channel);
        found.map(|stream| stream.name.clone())
    };
    let chosen = mapping(info, "display_extra");
    let chosen = chosen.and_then(|extra| extra.get("plotselect"));
    let chosen = chosen.and_then(Json::as_array).into_iter().flatten();
    let chosen: Vec<String> = chosen
        .filter_map(Json::as_str)
        .filter_map(name)
        .take(MAX_PLOTS)
        .collect();
    let listed = info.get("plots").and_then(Json::as_array);
    let mut plots = Vec::new();
    for plot in listed.into_iter().flatten().take(MAX_PLOTS) {
        let text = |json: &Json, field: &str| json.get(field)?.as_str().map(str::to_owned);
        let title = text(plot, "name").or_else(|| text(plot, "kind"));
        let mut shown = ScanPlot {
            name: title.unwrap_or_default(),
            ..ScanPlot::default()
        };
        let items = plot.get("items").and_then(Json::as_array);
        for item in items.into_iter().flatten().take(MAX_PLOTS) {
            let channel = |field| item.get(field)?.as_str().and_then(name);
            shown.x = shown.x.or_else(|| channel("x"));
            // The value of a scatter plot, and the list of an MCA's plot.
            let value = channel("value").or_else(|| channel("y"));
            let is_axis = |name: &String| axes.iter().any(|axis| axis.name == *name);
            shown.y.extend(value.filter(|name| !is_axis(name)));
        }
        if shown.y.is_empty() {
            shown.y.clone_from(&chosen);
        }
        plots.push(shown);
    }
    if plots.is_empty() && !chosen.is_empty() {
        plots.push(ScanPlot {
            name: "plotselect".to_owned(),
            x: axes.first().map(|axis| axis.name.clone()),
            y: chosen,
        });
    }
    plots
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stream(name: &str, shape: Vec<Option<u64>>) -> StreamDescription {
        let element = ElementType::Float(8, ByteOrder::Little);
        StreamDescription::new(name, Ok(StreamContent::Numbers { element, shape }))
    }

    #[test]
    fn a_mesh_has_a_grid_whose_lines_may_alternate() {
        let info = json!({
            "title": "amesh samy 0 1 3 samz 0 1 1 0.1", "data_dim": 2, "npoints": 8,
            "npoints1": 4, "npoints2": 2,
            "channels": {
                "axis:samz": {"axis_id": 1, "axis_kind": "forth", "unit": "mm"},
                "axis:samy": {"axis_id": 0, "axis_kind": "backnforth", "display_name": "samy"},
            },
            "plots": [{"kind": "scatter-plot", "items": [{"x": "axis:samy", "y": "axis:samz"}]}],
            "display_extra": {"plotselect": ["simulation:diode1", "unknown"]},
        });
        let streams = [
            stream("axis:samz", Vec::new()),
            stream("axis:samy", Vec::new()),
            stream("simulation:diode1", Vec::new()),
        ];
        let outline = scan_outline(&info, &streams, Some(8));
        assert_eq!(outline.axes, ["axis:samy", "axis:samz"]);
        let grid = ScanGrid {
            shape: vec![2, 4],
            axes: vec!["axis:samz".to_owned(), "axis:samy".to_owned()],
            is_snake: true,
        };
        assert_eq!(outline.grid, Some(grid));
        let plot = ScanPlot {
            name: "scatter-plot".to_owned(),
            x: Some("axis:samy".to_owned()),
            y: vec!["simulation:diode1".to_owned()],
        };
        assert_eq!(outline.plots, [plot]);
        let [samz, samy, diode] = streams.map(|stream| channel_outline(&stream, &info));
        assert_eq!((&*samz.label, samz.unit.as_deref()), ("samz", Some("mm")));
        assert_eq!((&*samy.label, &*diode.label), ("samy", "diode1"));
        assert_eq!(diode.kind, ChannelKind::Number);
    }

    #[test]
    fn the_sides_of_a_grid_need_no_channels() {
        let info = json!({"data_dim": 2, "npoints1": 4, "npoints2": 2});
        let grid = scan_outline(&info, &[], None).grid.unwrap();
        assert_eq!((grid.shape, grid.axes.len()), (vec![2, 4], 0));
    }

    #[test]
    fn info_of_another_form_leaves_things_out() {
        for info in [
            json!({}),
            json!({"title": 3, "channels": [], "plots": {"a": 1}, "acquisition_chain": 1}),
            json!({"data_dim": 2, "npoints1": 4, "plots": [1, {"items": [2, {"x": 3}]}]}),
            json!({"data_dim": 1e9, "display_extra": {"plotselect": [1, {}]}}),
        ] {
            let streams = [stream("diode", vec![Some(4), None])];
            let outline = scan_outline(&info, &streams, None);
            assert_eq!((outline.title.as_str(), outline.grid), ("", None));
            assert!(outline.axes.is_empty());
            let [stream] = streams;
            assert_eq!(channel_outline(&stream, &info).kind, ChannelKind::Image);
        }
    }

    #[test]
    fn the_axes_of_a_scan_without_a_grid_are_those_of_its_masters() {
        let info = json!({
            "acquisition_chain": {"axis": {"master": {"scalars": ["axis:robx", "gone"]}}},
            "display_extra": {"plotselect": ["diode"]},
        });
        let streams = [stream("diode", Vec::new()), stream("axis:robx", Vec::new())];
        let outline = scan_outline(&info, &streams, None);
        assert_eq!(outline.axes, ["axis:robx"]);
        assert_eq!(outline.plots[0].x.as_deref(), Some("axis:robx"));
    }
}
