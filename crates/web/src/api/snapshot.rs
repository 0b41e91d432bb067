//! The whole state of the writer, as the page shows it.

use observation::{CheckState, Observation};
use serde_json::{Value, json};

use super::head::head;
use super::local_time;
use super::rates::Rates;
use super::scan_text::{RunningText, past_text, running_text};
use crate::health;
use crate::options::BuildInfo;

/// The most running scans that are listed.
const MAX_RUNNING: usize = 100;

/// Describes the state at this moment, without its time.
pub fn snapshot(
    observation: &Observation,
    build: &BuildInfo,
    rates: &mut Rates,
    viewers: usize,
) -> Value {
    let all = observation.scans.running();
    rates.retain(|number| all.iter().any(|scan| scan.number() == number));
    let running: Vec<RunningText> = all
        .iter()
        .take(MAX_RUNNING)
        .map(|scan| running_text(scan, &scan.view().now(), rates))
        .collect();
    let last = observation.scans.last();
    let readiness = &observation.readiness;
    json!({
        "build": {
            "version": build.version,
            "commit": build.commit,
            "hdf5": build.hdf5,
            "tango": build.tango,
            "features": build.features,
        },
        "ready": readiness.is_ready(),
        "checks": health::check_answers(observation),
        "head": head(observation, &running, last.as_deref()),
        "sessions": sessions(observation, &running),
        "running": all.len(),
        "scans": running,
        "last": last.as_deref().map(past_text),
        "redis": redis(observation),
        "disks": disks(observation),
        "dropped": observation.scans.queue.dropped(),
        "viewers": viewers,
    })
}

fn sessions(observation: &Observation, running: &[RunningText]) -> Vec<Value> {
    let checks = observation.readiness.states().into_iter();
    let subscriptions = checks.filter(|check| check.name == "subscribed");
    let session = |check: CheckState| {
        let mut scans = running.iter();
        let is_saving = match &check.session {
            None => !running.is_empty(),
            name => scans.any(|scan| scan.session == *name),
        };
        let state = match (check.is_ok, is_saving) {
            (false, _) => "waiting",
            (true, true) => "saving",
            (true, false) => "ready",
        };
        let name = check.session.unwrap_or_else(|| "all sessions".to_owned());
        let since = local_time(check.since);
        json!({"name": name, "state": state, "text": check.text, "since": since})
    };
    subscriptions.map(session).collect()
}

fn redis(observation: &Observation) -> Value {
    let figures = &observation.redis;
    let checks = observation.readiness.states();
    let of_redis = || checks.iter().filter(|check| check.name == "redis");
    let since = of_redis().map(|check| check.since).max();
    let bytes = |value: f64| (value > 0.0).then_some(value as u64);
    json!({
        "connected": observation.readiness.holds("redis"),
        "since": since.map(local_time),
        "used_bytes": bytes(figures.memory_used.get()),
        "limit_bytes": bytes(figures.memory_limit.get()),
    })
}

fn disks(observation: &Observation) -> Vec<Value> {
    let disks = observation.disks.all().into_iter();
    let disk = |(path, free): (std::path::PathBuf, u64)| json!({"path": path.display().to_string(), "free_bytes": free});
    disks.map(disk).collect()
}
