//! The layout of a scan in its file, as BLISS publishes it (`h5maps`).
//!
//! There are two versions: the one for the start of the scan, and the one that says how it ended.
//! Everything that readers need to find the default plot is in the first one already, because
//! scans are looked at while they run.

use serde_json::{Map, Value, json};

use super::channel::{Channel, DeviceKind};
use super::info::{PARKED, PUBLISHER, iso};
use super::live_scan::ScanEnd;
use super::motor::Motor;
use super::plan::ScanPlan;
use super::signal::CHANNELS_PER_KEV;

/// Pixels of a camera.
const PIXELS_PER_MM: f64 = 20.0;

/// The layout of a scan: at its start, or with its end.
pub struct ScanLayout<'s> {
    /// The scan.
    pub plan: &'s ScanPlan,
    /// The motors that move.
    pub motors: &'s [Motor],
    /// All channels.
    pub channels: &'s [Channel],
    /// ISO 8601 with zone.
    pub start_time: &'s str,
}

type Children = Map<String, Value>;

impl ScanLayout<'_> {
    /// The value of `h5maps`: one file with one entry.
    pub fn h5maps(&self, end: Option<&ScanEnd>) -> Value {
        // Nothing may lead to datasets that will never be.
        let has_data = end.is_none_or(|end| end.points > 0);
        let mut root = json!({
            "NX_class": "NXroot",
            "creator": PUBLISHER,
            "creator_version": env!("CARGO_PKG_VERSION"),
            "publisher": PUBLISHER,
            "publisher_version": env!("CARGO_PKG_VERSION"),
            "file_name": self.plan.file,
        });
        let mut entry = Children::new();
        entry.insert("title".to_owned(), json!(self.plan.title()));
        entry.insert("start_time".to_owned(), json!(self.start_time));
        entry.insert("instrument".to_owned(), self.instrument(has_data));
        let mut attributes = json!({"NX_class": "NXentry"});
        if has_data {
            let measurement = self.links(self.channels.iter());
            let class = json!({"NX_class": "NXcollection"});
            entry.insert("measurement".to_owned(), group(class, measurement));
            let plots = self.plots();
            if let Some((name, _)) = plots.iter().next() {
                attributes["default"] = json!(name);
                root["default"] = json!(self.plan.entry());
            }
            entry.extend(plots);
        }
        if let Some(end) = end {
            entry.insert("end_reason".to_owned(), json!(end.reason.name()));
            entry.insert("end_time".to_owned(), json!(iso(&end.time)));
        }
        let entries = json!({self.plan.entry(): group(attributes, entry)});
        json!({
            &self.plan.file: {"type": "group", "attributes": root, "children": entries},
        })
    }

    fn instrument(&self, has_data: bool) -> Value {
        let mut devices = Children::new();
        devices.insert("name".to_owned(), json!("simulation"));
        for channel in self.channels {
            devices.insert(channel.name.clone(), self.device(channel));
        }
        let mut positioners = Children::new();
        for (name, unit, position) in PARKED {
            let value = json!({"attributes": {"units": unit}, "value": position});
            positioners.insert(name.to_owned(), value);
        }
        if has_data {
            let moved = self
                .channels
                .iter()
                .filter(|channel| channel.device == DeviceKind::Positioner);
            positioners.extend(self.links(moved));
        }
        let class = json!({"NX_class": "NXcollection"});
        devices.insert("positioners".to_owned(), group(class, positioners));
        group(json!({"NX_class": "NXinstrument"}), devices)
    }

    fn device(&self, channel: &Channel) -> Value {
        let mut attributes = Map::new();
        if let Some(unit) = channel.unit {
            attributes.insert("units".to_owned(), json!(unit));
        }
        let interpretation = match channel.device {
            DeviceKind::Mca => Some("spectrum"),
            DeviceKind::Camera => Some("image"),
            _ => None,
        };
        if let Some(interpretation) = interpretation {
            attributes.insert("interpretation".to_owned(), json!(interpretation));
        }
        let data = json!({
            "attributes": attributes,
            "value": {"type": "stream", "stream": channel.stream},
        });
        let mut children = Children::new();
        children.insert(channel.field().to_owned(), data);
        match channel.device {
            DeviceKind::Positioner => {
                children.insert("name".to_owned(), json!(channel.name));
                return group(json!({"NX_class": "NXpositioner"}), children);
            }
            DeviceKind::Timer => {}
            DeviceKind::Counter => {
                children.insert("type".to_owned(), json!("counter"));
            }
            DeviceKind::Mca => {
                children.insert("type".to_owned(), json!("mca"));
            }
            DeviceKind::Camera => {
                children.insert("type".to_owned(), json!("area detector"));
                for side in ["x_pixel_size", "y_pixel_size"] {
                    let size = json!({"attributes": {"units": "mm"}, "value": 1.0 / PIXELS_PER_MM});
                    children.insert(side.to_owned(), size);
                }
            }
        }
        for scale in scales(channel) {
            children.insert(scale.name.to_owned(), self.scale(channel, &scale));
        }
        group(json!({"NX_class": "NXdetector"}), children)
    }

    /// All detectors of a kind are alike: the first one holds the values.
    fn scale(&self, detector: &Channel, scale: &Scale) -> Value {
        let mut alike = self
            .channels
            .iter()
            .filter(|channel| channel.device == detector.device);
        match alike.next().filter(|first| first.name != detector.name) {
            Some(first) => link(&self.scale_path(first, scale)),
            None => {
                let values: Vec<_> = (0..scale.length)
                    .map(|at| at as f64 / scale.per_unit)
                    .collect();
                json!({"attributes": {"units": scale.unit}, "value": values})
            }
        }
    }

    fn scale_path(&self, detector: &Channel, scale: &Scale) -> String {
        format!(
            "/{}/instrument/{}/{}",
            self.plan.entry(),
            detector.name,
            scale.name
        )
    }

    /// The plots of the scan; the first is the default one.
    fn plots(&self) -> Children {
        let of = |device| {
            self.channels
                .iter()
                .filter(move |channel| channel.device == device)
        };
        let mut plots = Children::new();
        let detectors = of(DeviceKind::Mca).chain(of(DeviceKind::Camera));
        for detector in detectors {
            plots.insert(
                format!("plot_{}", detector.name),
                self.detector_plot(detector),
            );
        }
        let curves = of(DeviceKind::Counter).chain(of(DeviceKind::Timer)).take(3);
        let name = if plots.is_empty() {
            "plot"
        } else {
            "plot_counters"
        };
        plots.insert(
            name.to_owned(),
            self.counter_plot(&curves.collect::<Vec<_>>()),
        );
        plots
    }

    /// Counters over the way of the motor, or as a map.
    fn counter_plot(&self, counters: &[&Channel]) -> Value {
        let axes: Vec<_> = self.motors.iter().map(|motor| (motor.name, 0)).collect();
        // In a map there is room for one signal.
        let shown = if axes.len() > 1 { 1 } else { counters.len() };
        let shown = counters.get(..shown).unwrap_or_default();
        let mut children = self.links(shown.iter().copied());
        children.extend(self.links(self.moved()));
        let (signal, others) = match shown {
            [signal, others @ ..] => (signal.name.as_str(), others),
            [] => ("", shown),
        };
        let mut attributes = plot(signal, &axes);
        if !others.is_empty() {
            let names: Vec<_> = others.iter().map(|counter| &counter.name).collect();
            attributes["auxiliary_signals"] = json!(names);
        }
        self.titled(attributes, children)
    }

    /// What a detector saw, over the way of the motor.
    fn detector_plot(&self, detector: &Channel) -> Value {
        let mut children = self.links([detector].into_iter());
        children.extend(self.links(self.moved()));
        let mut axes: Vec<_> = self.motors.iter().map(|motor| (motor.name, 0)).collect();
        for (scale, dimension) in scales(detector).into_iter().zip(1..) {
            let target = self.scale_path(detector, &scale);
            children.insert(scale.name.to_owned(), link(&target));
            axes.push((scale.name, dimension));
        }
        self.titled(plot(&detector.name, &axes), children)
    }

    fn titled(&self, attributes: Value, mut children: Children) -> Value {
        children.insert("title".to_owned(), json!(self.plan.title()));
        group(attributes, children)
    }

    fn moved(&self) -> impl Iterator<Item = &Channel> {
        self.channels
            .iter()
            .filter(|channel| channel.device == DeviceKind::Positioner)
    }

    fn links<'c>(&self, channels: impl Iterator<Item = &'c Channel>) -> Children {
        channels
            .map(|channel| (channel.name.clone(), link(&channel.path(self.plan))))
            .collect()
    }
}

/// What the dimensions of a detector stand for.
struct Scale {
    name: &'static str,
    unit: &'static str,
    per_unit: f64,
    length: u64,
}

fn scales(detector: &Channel) -> Vec<Scale> {
    let named: &[(&str, &str, f64)] = match detector.device {
        DeviceKind::Mca => &[("energy", "keV", CHANNELS_PER_KEV)],
        DeviceKind::Camera => &[
            ("y_pixel_offset", "mm", PIXELS_PER_MM),
            ("x_pixel_offset", "mm", PIXELS_PER_MM),
        ],
        _ => &[],
    };
    let lengths = detector.shape.iter().copied();
    let scale =
        |((name, unit, per_unit), length): (&(&'static str, &'static str, f64), u64)| Scale {
            name,
            unit,
            per_unit: *per_unit,
            length,
        };
    named.iter().zip(lengths).map(scale).collect()
}

/// The attributes of an NXdata group: its signal, and axes with the dimension that each is for.
fn plot(signal: &str, axes: &[(&str, u64)]) -> Value {
    let names: Vec<_> = axes.iter().map(|(name, _)| name).collect();
    let mut attributes = json!({"NX_class": "NXdata", "signal": signal, "axes": names});
    for (name, dimension) in axes {
        attributes[format!("{name}_indices")] = json!(dimension);
    }
    attributes
}

fn group(attributes: Value, children: Children) -> Value {
    json!({"type": "group", "attributes": attributes, "children": children})
}

fn link(target: &str) -> Value {
    json!({"type": "soft_link", "target_path": target})
}
