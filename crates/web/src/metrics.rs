//! `/metrics`: everything that is counted, for Prometheus.
//!
//! A metric is made when it is asked for, of the figures of the [`Observation`]; there are no second counters. Its labels
//! are of fixed sets, but for the names of sessions, of which there are at most 65, and of mount points, of which there
//! are at most 16. So the number of series has a bound, whatever is saved.

mod figures;
mod process;
mod redis;
mod scans;
mod service;
mod storage;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use observation::{Observation, Watcher};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tokio::time::{MissedTickBehavior, interval};

use crate::guard::problem;
use crate::options::BuildInfo;
use crate::state::{HttpFigures, WebState};

/// The type of the answer (OpenMetrics 1.0).
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the names of metrics begin with, but for those of the process itself.
const PREFIX: &str = "nexus_writer";

/// How long times are measured after somebody has asked for metrics.
const WATCH_TIME: Duration = Duration::from_secs(300);

/// Returns the router of this part.
pub fn router() -> Router<Arc<WebState>> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(State(state): State<Arc<WebState>>) -> Response {
    state.watch.renew(&state.observation);
    let mut text = String::new();
    match encode(&mut text, &state.metrics) {
        Ok(()) => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            &format!("the metrics cannot be written: {error}"),
        ),
    }
}

/// Returns all metrics of a process.
pub fn registry(
    observation: &Arc<Observation>,
    http: &Arc<HttpFigures>,
    build: &BuildInfo,
) -> Registry {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(process::ProcessMetrics));
    let own = registry.sub_registry_with_prefix(PREFIX);
    own.register_collector(Box::new(service::ServiceMetrics {
        observation: observation.clone(),
        http: http.clone(),
        build: build.clone(),
    }));
    own.register_collector(Box::new(scans::ScanMetrics(observation.clone())));
    own.register_collector(Box::new(redis::RedisMetrics(observation.clone())));
    own.register_collector(Box::new(storage::StorageMetrics(observation.clone())));
    registry
}

/// Returns the names of all series that there can be, as they are in queries: `nexus_writer_scans_total`.
pub fn metric_names() -> Vec<String> {
    let observation = Arc::new(Observation::default());
    observation.sessions.session("demo");
    observation.disks.set("/".as_ref(), 0);
    let build = BuildInfo {
        tango: "10".to_owned(),
        ..BuildInfo::default()
    };
    let _beats = observation::Heartbeat::new(&observation, "main", Duration::MAX);
    let registry = registry(&observation, &Arc::default(), &build);
    let mut text = String::new();
    if encode(&mut text, &registry).is_err() {
        return Vec::new();
    }
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let names = samples.filter_map(|line| line.split(['{', ' ']).next());
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Has times measured from the first question for metrics until there has been none for a while.
#[derive(Debug, Default)]
pub struct MetricsWatch(Mutex<Option<(Watcher, Instant)>>);

impl MetricsWatch {
    fn renew(&self, observation: &Arc<Observation>) {
        let mut watch = self.watch();
        match &mut *watch {
            Some((_, asked)) => *asked = Instant::now(),
            None => *watch = Some((Observation::watch(observation), Instant::now())),
        }
    }

    fn end_if_unused(&self) {
        let mut watch = self.watch();
        if watch
            .as_ref()
            .is_some_and(|(_, asked)| asked.elapsed() > WATCH_TIME)
        {
            *watch = None;
        }
    }

    /// No code runs under the lock that could leave the watch half changed.
    fn watch(&self) -> MutexGuard<'_, Option<(Watcher, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the measuring of times when nobody asks for metrics any more. Runs for ever.
pub async fn end_unused_watch(watch: &MetricsWatch) {
    let mut clock = interval(WATCH_TIME / 5);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        watch.end_if_unused();
    }
}

#[cfg(test)]
mod tests {
    use observation::ScanOutcome;

    use super::*;

    /// Whatever is saved, Prometheus has to keep no more than this for a process.
    #[test]
    fn the_number_of_series_is_bounded() {
        let observation = Arc::new(Observation::default());
        for number in 0..10_000u32 {
            let session = observation
                .sessions
                .session(&format!("session{}", number % 100));
            let outcome = ScanOutcome::ALL[number as usize % ScanOutcome::ALL.len()];
            session.ended(outcome, Duration::from_secs(number.into()));
            observation
                .last_scan
                .set(&format!("{number}_ascan"), outcome);
            let mount_point = format!("/data/{number}");
            observation.disks.set(mount_point.as_ref(), number.into());
        }
        let build = BuildInfo {
            tango: "10".to_owned(),
            ..BuildInfo::default()
        };
        let registry = registry(&observation, &Arc::default(), &build);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let series = text.lines().filter(|line| !line.starts_with('#')).count();
        assert!(series < 2000, "{series}");
    }

    #[test]
    fn times_are_measured_only_while_somebody_asks() {
        let observation = Arc::new(Observation::default());
        let watch = MetricsWatch::default();
        watch.end_if_unused();
        assert!(!observation.is_watched());
        watch.renew(&observation);
        watch.renew(&observation);
        watch.end_if_unused();
        assert!(observation.is_watched());
        if let Some((_, asked)) = &mut *watch.watch() {
            *asked -= 2 * WATCH_TIME;
        }
        watch.end_if_unused();
        assert!(!observation.is_watched());
    }
}
