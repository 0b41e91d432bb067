//! Plots of the classic layout, for a mesh of 5 x 4 points that BLISS 2.2.1 published.

#![allow(clippy::unwrap_used, reason = "tests")]

use nexus::tree::{ByteOrder, Content, Dataset, ElementType, Group, Item, NamedList, Value};
use serde_json::{Value as Json, json};
use writer::layout::facts::{EndFacts, StreamFacts};
use writer::layout::{ClassicLayout, FileTree, Layout, ScanDescription, ScanFacts};
use writer::options::SaveOptions;
use writer::source::{DataModel, StreamContent, StreamDescription};

const DIODE: &str = "simulation_diode_sampling_controller:diode";
const OTHER_DIODE: &str = "simulation_diode_sampling_controller:diode2";

/// The mesh with these displayed items. `other` is the shape of the points of the second diode.
struct Mesh {
    items: Json,
    flat: bool,
    other: Vec<u64>,
    points: u64,
}

impl Mesh {
    fn of(items: Json) -> Mesh {
        Mesh {
            items,
            flat: true,
            other: Vec::new(),
            points: 20,
        }
    }

    fn tree(&self) -> FileTree {
        let info = include_str!("classic_properties/infos/amesh.json");
        let mut info: Json = serde_json::from_str(info).unwrap();
        info["display_extra"] = json!({"plotselect": self.items});
        let options = SaveOptions {
            flat: self.flat,
            ..SaveOptions::default()
        };
        let points_of = |name: &str| {
            if name == OTHER_DIODE {
                &self.other[..]
            } else {
                &[]
            }
        };
        let streams: Vec<StreamDescription> = info["channels"]
            .as_object()
            .unwrap()
            .keys()
            .map(|name| {
                let content = StreamContent::Numbers {
                    element: ElementType::Int(4, ByteOrder::Little),
                    shape: points_of(name).iter().copied().map(Some).collect(),
                };
                StreamDescription::new(name, Ok(content))
            })
            .collect();
        let layout = ClassicLayout::new(
            &ScanDescription::new(DataModel::Blissdata, &info, &streams),
            &options,
        )
        .unwrap()
        .unwrap();
        let wanted = layout.values_wanted(&ScanFacts::default());
        let scan = if self.flat {
            vec![self.points]
        } else {
            vec![5, 4]
        };
        let facts = streams.iter().map(|StreamDescription { name, .. }| {
            let values = wanted.contains(name).then(|| positions(name, self.points));
            let facts = StreamFacts {
                stored: true,
                points: self.points,
                shape: [&scan, points_of(name)].concat(),
                values,
            };
            (name.clone(), facts)
        });
        let facts = ScanFacts {
            streams: facts.collect(),
            end: Some(EndFacts {
                time: "2026-11-23T00:31:05.786624+00:00".to_owned(),
                info,
            }),
            record: "{}".to_owned(),
            ..ScanFacts::default()
        };
        layout.tree(&facts)
    }
}

fn positions(name: &str, points: u64) -> Vec<f64> {
    let place = |point| {
        if name == "axis:roby" {
            point % 4
        } else {
            point / 4
        }
    };
    (0..points).map(|point| place(point) as f64 * 0.5).collect()
}

fn named<'a, T>(members: &'a NamedList<T>, name: &str) -> Option<&'a T> {
    let member = members.iter().find(|(member, _)| member == name);
    member.map(|(_, member)| member)
}

fn group<'a>(tree: &'a FileTree, path: &str) -> &'a Group {
    path.split('/').fold(&tree.root, |group, name| {
        match named(&group.children, name) {
            Some(Item::Group(group)) => group,
            other => panic!("{path} is no group: {other:?}"),
        }
    })
}

fn dataset<'a>(group: &'a Group, name: &str) -> &'a Dataset {
    match named(&group.children, name) {
        Some(Item::Dataset(dataset)) => dataset,
        other => panic!("{name} is no dataset: {other:?}"),
    }
}

fn text<'a>(group: &'a Group, name: &str) -> Option<&'a str> {
    match named(&group.attributes, name)? {
        Value::Texts { texts, .. } => texts.first().map(String::as_str),
        other => panic!("{name} is no text: {other:?}"),
    }
}

fn texts(names: &[&str]) -> Value {
    Value::Texts {
        shape: vec![names.len() as u64],
        texts: names.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn soft(target: &str) -> Item {
    Item::SoftLink {
        target: target.to_owned(),
    }
}

fn line(values: &[f64]) -> Content {
    Content::Value(Value::Numbers {
        element: ElementType::Float(8, ByteOrder::Little),
        shape: vec![values.len() as u64],
        bytes: values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
    })
}

#[test]
fn a_mesh_is_shown_as_an_image() {
    let tree = Mesh::of(json!(["diode2", DIODE])).tree();
    let plot = group(&tree, "1.1/plotselect");
    assert_eq!(text(plot, "NX_class"), Some("NXdata"));
    assert_eq!(text(plot, "signal"), Some("diode2"));
    assert_eq!(
        named(&plot.attributes, "auxiliary_signals"),
        Some(&texts(&["diode"]))
    );
    assert_eq!(
        named(&plot.attributes, "axes"),
        Some(&texts(&["robz", "roby"]))
    );
    assert_eq!(
        dataset(plot, "robz").content,
        line(&[0.0, 0.5, 1.0, 1.5, 2.0])
    );
    assert_eq!(dataset(plot, "roby").content, line(&[0.0, 0.5, 1.0, 1.5]));
    let signal = dataset(plot, "diode");
    let Content::Virtual(view) = &signal.content else {
        panic!("the signal is no view: {signal:?}");
    };
    assert_eq!(
        named(&signal.attributes, "interpretation"),
        Some(&Value::text("image"))
    );
    assert_eq!(view.shape, [5, 4]);
    assert_eq!(view.element, ElementType::Int(4, ByteOrder::Little));
    for (source, row) in view.sources.iter().zip(0..) {
        assert_eq!(source.file, ".");
        assert_eq!(source.dataset, "/1.1/instrument/diode/signal");
        assert_eq!(source.selection.start, [row * 4]);
        assert_eq!(source.selection.count, [4]);
        assert_eq!(source.target.start, [row, 0]);
        assert_eq!(source.target.count, [1, 4]);
    }
    assert_eq!(view.sources.len(), 5);
    assert_eq!(text(&tree.root, "default"), Some("1.1"));
    assert_eq!(text(group(&tree, "1.1"), "default"), Some("plotselect"));
}

#[test]
fn a_dataset_in_the_shape_of_the_grid_is_linked() {
    let mesh = Mesh {
        flat: false,
        ..Mesh::of(json!(["diode"]))
    };
    let tree = mesh.tree();
    let plot = group(&tree, "1.1/plotselect");
    let link = soft("/1.1/instrument/diode/signal");
    assert_eq!(named(&plot.children, "diode"), Some(&link));
    assert_eq!(dataset(plot, "roby").content, line(&[0.0, 0.5, 1.0, 1.5]));
}

#[test]
fn signals_of_two_shapes_have_two_plots() {
    let mesh = Mesh {
        other: vec![3],
        ..Mesh::of(json!(["diode2", DIODE]))
    };
    let tree = mesh.tree();
    let entry = group(&tree, "1.1");
    let link = soft("/1.1/plotselect_samplingcounter2");
    assert_eq!(named(&entry.children, "plotselect"), Some(&link));
    assert_eq!(text(entry, "default"), Some("plotselect"));
    let scalars = group(&tree, "1.1/plotselect_samplingcounter1");
    assert_eq!(text(scalars, "signal"), Some("diode"));
    let spectra = group(&tree, "1.1/plotselect_samplingcounter2");
    let axes = texts(&["robz", "roby", "datadim0"]);
    assert_eq!(named(&spectra.attributes, "axes"), Some(&axes));
    let spectrum = dataset(spectra, "diode2");
    let interpretation = named(&spectrum.attributes, "interpretation");
    assert_eq!(interpretation, Some(&Value::text("spectrum")));
}

#[test]
fn a_plot_that_is_not_possible_is_left_out() {
    let mesh = Mesh {
        points: 17,
        ..Mesh::of(json!(["diode"]))
    };
    let tree = mesh.tree();
    let entry = group(&tree, "1.1");
    assert_eq!(named(&entry.children, "plotselect"), None);
    assert_eq!(text(&tree.root, "default"), Some("1.1"));
    assert_eq!(text(entry, "default"), None);
    assert_eq!(tree.invalid, []);
    let is_about_signal = |notice: &&String| notice.contains("1.1/instrument/diode/signal");
    assert_eq!(tree.notices.iter().filter(is_about_signal).count(), 1);
}

#[test]
fn positioners_and_unknown_items_are_no_signals() {
    let tree = Mesh::of(json!(["axis:roby", "nothing", 3, null])).tree();
    assert_eq!(named(&group(&tree, "1.1").children, "plotselect"), None);
    assert_eq!(tree.notices, [""; 0]);
}
