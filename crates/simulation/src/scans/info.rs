//! What BLISS publishes about a scan beside its data: the scan info, as BLISS 2 has it.

use blissdata::document::ScanIdentity;
use chrono::{DateTime, Local, SecondsFormat};
use serde_json::{Map, Value, json};

use super::channel::{Channel, DeviceKind};
use super::motor::Motor;
use super::plan::{ScanKind, ScanPlan};

/// The publisher, as files and readers name it.
pub const PUBLISHER: &str = "nexus-writer simulate";
/// Motors that do not move, with unit and position.
pub const PARKED: [(&str, &str, f64); 2] = [("samx", "mm", 1.25), ("energy", "keV", 12.0)];

/// The identity of the scan.
pub fn identity(plan: &ScanPlan) -> ScanIdentity {
    ScanIdentity {
        name: plan.command().to_owned(),
        number: plan.number,
        data_policy: "None".to_owned(),
        session: Some(plan.session.clone()),
        proposal: None,
        collection: None,
        dataset: None,
        path: Some(plan.file.clone()),
    }
}

/// The scan info, but for the layout of the file.
pub fn info(plan: &ScanPlan, motors: &[Motor], channels: &[Channel], start_time: &str) -> Value {
    let ends = |end: fn(&Motor) -> f64| match motors {
        [motor] => json!(end(motor)),
        motors => motors.iter().map(end).collect(),
    };
    let mut info = json!({
        "type": plan.command(),
        "name": format!("{}_{}", plan.number, plan.command()),
        "save": true,
        "title": plan.title(),
        "data_dim": motors.len(),
        "npoints": plan.points,
        "start": ends(|motor| motor.start),
        "stop": ends(|motor| motor.stop),
        "count_time": plan.count_time(),
        "scan_nb": plan.number,
        "start_time": start_time,
        "session_name": plan.session,
        "user_name": std::env::var("USER").unwrap_or_default(),
        "data_writer": "mapping",
        "writer_options": {"chunk_options": {}, "separate_scan_files": null},
        "data_policy": "None",
        "filename": plan.file,
        "publisher": PUBLISHER,
        "publisher_version": env!("CARGO_PKG_VERSION"),
        "channels": described(plan, motors, channels),
        "devices": devices(motors, channels),
        "acquisition_chain": {"axis": chain(channels)},
        "plots": plots(motors),
        "instrument": {"@NX_class": "NXinstrument"},
        "positioners": positioners(motors, false),
        "scan_meta_categories": ["instrument", "positioners", "nexuswriter"],
        "nexuswriter": {"instrument_info": {"name": "simulation", "name@short_name": "simulation"}},
    });
    if let [fast, slow] = motors {
        info["npoints1"] = json!(fast.points);
        info["npoints2"] = json!(slow.points);
    }
    if plan.counters > 0 {
        info["display_extra"] = json!({"plotselect": ["simulation:diode1"]});
    }
    info
}

/// Where all motors are, at the start or at the end of the scan.
pub fn positioners(motors: &[Motor], at_end: bool) -> Value {
    let parked = PARKED.map(|(name, unit, position)| (name, unit, position));
    let moved = motors.iter().map(|motor| {
        let position = if at_end { motor.stop } else { motor.start };
        (motor.name, motor.unit, position)
    });
    let all: Vec<_> = moved.chain(parked).collect();
    let positions: Map<_, _> = all
        .iter()
        .map(|(name, _, at)| ((*name).into(), json!(at)))
        .collect();
    let units: Map<_, _> = all
        .iter()
        .map(|(name, unit, _)| ((*name).into(), json!(unit)))
        .collect();
    let suffix = if at_end { "end" } else { "start" };
    json!({
        format!("positioners_{suffix}"): positions,
        format!("positioners_dial_{suffix}"): positions,
        "positioners_units": units,
    })
}

/// As `datetime.isoformat` of Python writes it.
pub fn iso(time: &DateTime<Local>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, false)
}

fn described(plan: &ScanPlan, motors: &[Motor], channels: &[Channel]) -> Map<String, Value> {
    let describe = |channel: &Channel| {
        let mut about = json!({
            "device": device(channel.device),
            "display_name": channel.name,
            "dim": channel.shape.len(),
        });
        if let Some(unit) = channel.unit {
            about["unit"] = json!(unit);
        }
        let axis = motors.iter().position(|motor| motor.name == channel.name);
        if let Some((id, motor)) = axis.and_then(|id| Some((id, motors.get(id)?))) {
            about["start"] = json!(motor.start);
            about["stop"] = json!(motor.stop);
            about["points"] = json!(plan.points);
            if plan.kind == ScanKind::Mesh {
                about["axis_points"] = json!(motor.points);
                about["axis_id"] = json!(id);
                about["axis_kind"] = json!("forth");
                about["group"] = json!("scatter");
            }
        }
        about
    };
    channels
        .iter()
        .map(|channel| (channel.stream.clone(), describe(channel)))
        .collect()
}

/// The devices that give points, each triggered by the one before.
fn devices(motors: &[Motor], channels: &[Channel]) -> Value {
    let names = |kinds: &[DeviceKind]| -> Vec<&str> {
        let of_kind = channels
            .iter()
            .filter(|channel| kinds.contains(&channel.device));
        of_kind.map(|channel| channel.stream.as_str()).collect()
    };
    let detectors = [DeviceKind::Counter, DeviceKind::Mca, DeviceKind::Camera];
    let axes: Vec<_> = motors.iter().map(|motor| motor.name).collect();
    json!({
        "axis": {
            "name": "axis", "type": "axis", "motors": axes,
            "channels": names(&[DeviceKind::Positioner]), "triggered_devices": ["timer"],
        },
        "timer": {
            "name": "timer",
            "channels": names(&[DeviceKind::Timer]), "triggered_devices": ["simulation"],
        },
        "simulation": {"name": "simulation", "channels": names(&detectors), "metadata": {}},
    })
}

fn chain(channels: &[Channel]) -> Value {
    let names = |moves: bool, rank: usize| -> Vec<&str> {
        let wanted = channels.iter().filter(|channel| {
            (channel.device == DeviceKind::Positioner) == moves && channel.shape.len() == rank
        });
        wanted.map(|channel| channel.stream.as_str()).collect()
    };
    json!({
        "top_master": "axis",
        "devices": ["axis", "timer", "simulation"],
        "master": {"scalars": names(true, 0), "spectra": [], "images": []},
        "scalars": names(false, 0),
        "spectra": names(false, 1),
        "images": names(false, 2),
    })
}

/// What BLISS displays.
pub fn plots(motors: &[Motor]) -> Value {
    match motors {
        [fast, slow] => {
            let (x, y) = (format!("axis:{}", fast.name), format!("axis:{}", slow.name));
            json!([{"kind": "scatter-plot", "items": [{"kind": "scatter", "x": x, "y": y}]}])
        }
        motors => {
            let curve =
                |motor: &Motor| json!({"kind": "curve", "x": format!("axis:{}", motor.name)});
            json!([{"kind": "curve-plot", "items": motors.iter().map(curve).collect::<Vec<_>>()}])
        }
    }
}

fn device(device: DeviceKind) -> &'static str {
    match device {
        DeviceKind::Positioner => "axis",
        DeviceKind::Timer => "timer",
        DeviceKind::Counter | DeviceKind::Mca | DeviceKind::Camera => "simulation",
    }
}
