//! The scan info as BLISS 1.11 has it.

use chrono::{DateTime, Local};
use indexmap::IndexMap;
use pickle::Value;
use pickle::encode::{datetime, from_json};
use serde_json::{Map, Value as Json, json};

use super::super::channel::{Channel, DeviceKind};
use super::super::info::{PUBLISHER, plots, positioners};
use super::super::live_scan::{ScanEnd, SimulatedScan};
use super::super::motor::Motor;
use super::super::plan::ScanKind;

/// The devices of a scan. Each of the first two triggers those behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// The motors.
    Axis,
    /// The clock.
    Timer,
    /// The controller of the counters, and of the cameras.
    Counters,
    /// The controller of the detectors of spectra.
    Mca,
}

impl Device {
    const ALL: [Device; 4] = [Device::Axis, Device::Timer, Device::Counters, Device::Mca];

    /// Returns the identifier in the info: a number, which means nothing, and the name.
    fn id(self) -> &'static str {
        match self {
            Device::Axis => "1:axis",
            Device::Timer => "2:timer",
            Device::Counters => "3:simulation",
            Device::Mca => "4:mca",
        }
    }
}

/// Returns the device of a channel.
pub fn device(channel: &Channel) -> Device {
    match channel.device {
        DeviceKind::Positioner => Device::Axis,
        DeviceKind::Timer => Device::Timer,
        DeviceKind::Counter | DeviceKind::Camera => Device::Counters,
        DeviceKind::Mca => Device::Mca,
    }
}

/// Returns the full names of the channels: those of their streams, but for spectra. Of a detector of spectra BLISS 1.11
/// publishes several channels, whose names tell the detector and what was measured.
pub fn full_names(channels: &[Channel]) -> Vec<String> {
    let mut detectors = 0..;
    let names = channels.iter().map(|channel| match channel.device {
        DeviceKind::Mca => format!("mca:spectrum_det{}", detectors.next().unwrap_or(0)),
        _ => channel.stream.clone(),
    });
    names.collect()
}

/// Returns the info of a scan that begins. `names` are the full names of its channels.
pub fn start_info(scan: &SimulatedScan<'_>, names: &[String]) -> IndexMap<String, Value> {
    let (plan, motors) = (scan.plan, &scan.motors);
    let ends = |end: fn(&Motor) -> f64| motors.iter().map(end).collect::<Json>();
    let mut info = json!({
        "session_name": plan.session,
        "user_name": std::env::var("USER").unwrap_or_default(),
        "data_policy": "None",
        "data_writer": "nexus",
        "writer_options": {"chunk_options": {}, "separate_scan_files": null},
        "save": true,
        "filename": plan.file,
        "publisher": PUBLISHER,
        "publisher_version": env!("CARGO_PKG_VERSION"),
        "scan_nb": plan.number,
        "shadow_scan_number": false,
        "type": plan.command(),
        "title": plan.title(),
        "npoints": plan.points,
        "start": ends(|motor| motor.start),
        "stop": ends(|motor| motor.stop),
        "count_time": plan.count_time(),
        "acquisition_chain": {"axis": chain(&scan.channels, names)},
        "devices": devices(&scan.channels, names),
        "channels": described(scan, names),
        "plots": plots(motors),
        "_display_extra": {"plotselect": []},
        "instrument": {"@NX_class": "NXinstrument"},
        "technique": {"@NX_class": "NXcollection"},
        "nexuswriter": {
            "devices": counters(&scan.channels, names),
            "instrument_info": {"name": "simulation", "name@short_name": "simulation"},
            "masterfiles": {},
            "technique": {"applications": {}, "name": "undefined", "plots": {}, "plotselect": ""},
        },
        "positioners": positioners(motors, false),
        "scan_meta_categories": ["nexuswriter", "instrument", "technique", "positioners"],
    });
    if let [fast, slow] = motors.as_slice() {
        info["data_dim"] = json!(2);
        info["npoints1"] = json!(fast.points);
        info["npoints2"] = json!(slow.points);
    }
    let mut values = IndexMap::new();
    for (name, value) in info.as_object().into_iter().flatten() {
        values.insert(name.clone(), from_json(value));
    }
    for (name, value) in times(
        ["start_time", "start_time_str", "start_timestamp"],
        scan.start,
    ) {
        values.insert(name.to_owned(), value);
    }
    values
}

/// Returns what the end of a scan changes in its info.
pub fn end_info(scan: &SimulatedScan<'_>, end: &ScanEnd) -> Vec<(&'static str, Value)> {
    let mut positions = Map::new();
    for at_end in [false, true] {
        if let Json::Object(more) = positioners(&scan.motors, at_end) {
            positions.extend(more);
        }
    }
    let mut values = vec![("positioners", from_json(&Json::Object(positions)))];
    values.extend(times(
        ["end_time", "end_time_str", "end_timestamp"],
        end.time,
    ));
    values
}

/// Returns a time in the three forms in which it is published. The first is the local time without its zone.
fn times(names: [&'static str; 3], time: DateTime<Local>) -> [(&'static str, Value); 3] {
    let naive = pickle::datetime::DateTime::Naive(time.naive_local());
    let text = time.format("%a %b %e %H:%M:%S %Y").to_string();
    let seconds = time.timestamp_micros() as f64 / 1e6;
    let [first, second, third] = names;
    [
        (first, datetime(naive)),
        (second, text.as_str().into()),
        (third, Value::Float(seconds)),
    ]
}

/// Returns the names of the channels for which `is_wanted` returns `true`.
fn select<'n>(
    channels: &[Channel],
    names: &'n [String],
    is_wanted: impl Fn(&Channel) -> bool,
) -> Vec<&'n str> {
    let pairs = channels.iter().zip(names);
    let wanted = pairs.filter(|(channel, _)| is_wanted(channel));
    wanted.map(|(_, name)| name.as_str()).collect()
}

/// Returns the devices that have channels, in the order in which they are triggered.
fn used_devices(channels: &[Channel]) -> impl Iterator<Item = Device> {
    let is_used = |wanted: &Device| channels.iter().any(|channel| device(channel) == *wanted);
    Device::ALL.into_iter().filter(is_used)
}

fn chain(channels: &[Channel], names: &[String]) -> Json {
    let of = |moves: bool, rank: usize| {
        select(channels, names, |channel| {
            (device(channel) == Device::Axis) == moves && channel.shape.len() == rank
        })
    };
    json!({
        "devices": used_devices(channels).map(Device::id).collect::<Vec<_>>(),
        "master": {"scalars": of(true, 0), "spectra": [], "images": []},
        "scalars": of(false, 0),
        "spectra": of(false, 1),
        "images": of(false, 2),
    })
}

fn devices(channels: &[Channel], names: &[String]) -> Json {
    let used: Vec<Device> = used_devices(channels).collect();
    let triggered = |by: Device| -> Vec<&str> {
        let behind = used.iter().filter(|device| match by {
            Device::Axis => **device == Device::Timer,
            Device::Timer => matches!(device, Device::Counters | Device::Mca),
            Device::Counters | Device::Mca => false,
        });
        behind.map(|device| device.id()).collect()
    };
    let described = used.iter().map(|known| {
        let names = select(channels, names, |channel| device(channel) == *known);
        let mut about = json!({"channels": names});
        match known {
            Device::Axis | Device::Timer => about["triggered_devices"] = json!(triggered(*known)),
            Device::Counters => about["metadata"] = json!({}),
            Device::Mca => about["metadata"] = json!({"type": "mca"}),
        }
        (known.id().to_owned(), about)
    });
    Json::Object(described.collect())
}

fn described(scan: &SimulatedScan<'_>, names: &[String]) -> Json {
    let describe = |(channel, name): (&Channel, &String)| {
        let short = name.rsplit(':').next().unwrap_or_default();
        let mut about = json!({
            "device": device(channel).id(),
            "dim": channel.shape.len(),
            "display_name": short,
        });
        if let Some(unit) = channel.unit {
            about["unit"] = json!(unit);
        }
        let is_mesh = scan.plan.kind == ScanKind::Mesh;
        if is_mesh && channel.device == DeviceKind::Counter {
            about["group"] = json!("scatter");
        }
        let axis = scan.motors.iter().enumerate();
        for (id, motor) in axis.filter(|(_, motor)| motor.name == channel.name) {
            about["start"] = json!(motor.start);
            about["stop"] = json!(motor.stop);
            about["points"] = json!(scan.plan.points);
            if is_mesh {
                about["axis-id"] = json!(id);
                about["axis-kind"] = json!("forth");
                about["axis-points"] = json!(motor.points);
                about["group"] = json!("scatter");
            }
        }
        (name.clone(), about)
    };
    Json::Object(scan.channels.iter().zip(names).map(describe).collect())
}

/// Returns what kinds of counters the channels are.
fn counters(channels: &[Channel], names: &[String]) -> Json {
    let describe = |(channel, name): (&Channel, &String)| {
        let about = match channel.device {
            DeviceKind::Counter => json!({
                "data_type": "signal",
                "device_info": {"mode": "MEAN", "type": "samplingcounter"},
                "device_type": "samplingcounter",
            }),
            DeviceKind::Mca => json!({"device_info": {"type": "mca"}, "device_type": "mca"}),
            DeviceKind::Positioner | DeviceKind::Timer | DeviceKind::Camera => return None,
        };
        Some((name.clone(), about))
    };
    let pairs = channels.iter().zip(names);
    Json::Object(pairs.filter_map(describe).collect())
}
