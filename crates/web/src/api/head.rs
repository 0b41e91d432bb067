//! The first sentence of the page: how the writer is.

use std::time::SystemTime;

use chrono::{DateTime, Local};
use observation::{CheckState, Observation, PastScan, ScanOutcome, ServicePhase};
use serde_json::{Value, json};

use super::scan_text::RunningText;

/// Returns what kind of state the writer is in, and a sentence. The worst that is known is said.
pub fn head(observation: &Observation, running: &[RunningText], last: Option<&PastScan>) -> Value {
    let (kind, text) = sentence(observation, running, last);
    json!({"kind": kind, "text": text})
}

fn sentence(
    observation: &Observation,
    running: &[RunningText],
    last: Option<&PastScan>,
) -> (&'static str, String) {
    let readiness = &observation.readiness;
    if readiness.phase() == ServicePhase::Stopping {
        let text = "The writer is stopping: it saves what has come and takes no new scans.";
        return ("stopping", text.to_owned());
    }
    let checks = readiness.states();
    let mut failed = checks.iter().filter(|check| !check.is_ok);
    if let Some(redis) = failed.clone().find(|check| check.name == "redis") {
        let since = clock(redis.since);
        return ("waiting", format!("Waiting for Redis since {since}."));
    }
    if let Some(lossy) = running.iter().find(|scan| scan.lost > 0) {
        let text = loss(&lossy.name, lossy.lost, lossy.loss_reason.as_deref());
        return ("loss", text);
    }
    if readiness.phase() == ServicePhase::Starting {
        return ("waiting", "The writer is starting.".to_owned());
    }
    if let Some(check) = failed.find(|check| check.name != "subscribed") {
        return ("problem", check_text(check));
    }
    if let Some(check) = checks.iter().find(|check| !check.is_ok) {
        return ("waiting", check_text(check));
    }
    if let Some(waiting) = running.iter().find(|scan| scan.state == "waiting") {
        let text = format!("Scan {}: {}.", waiting.name, bare(&waiting.text));
        return ("waiting", text);
    }
    match (running, last) {
        ([scan], _) => ("saving", format!("Scan {} is being saved.", scan.name)),
        ([_, ..], _) => ("saving", "All scans are being saved.".to_owned()),
        ([], Some(last)) => after(last),
        ([], None) => ("idle", "No scan is running.".to_owned()),
    }
}

/// Returns the sentence when no scan runs.
fn after(last: &PastScan) -> (&'static str, String) {
    let name = &last.name.name;
    let reason = bare(&last.reason);
    match last.outcome {
        ScanOutcome::Complete | ScanOutcome::Skipped => {
            let text = format!("No scan is running. Scan {name} is complete.");
            ("idle", text)
        }
        ScanOutcome::Incomplete if last.lost > 0 => {
            ("loss", loss(name, last.lost, last.loss_reason.as_deref()))
        }
        ScanOutcome::Incomplete => ("problem", format!("Scan {name} is not complete: {reason}.")),
        ScanOutcome::Failed => (
            "problem",
            format!("Scan {name} could not be saved: {reason}."),
        ),
    }
}

fn loss(name: &str, points: u64, reason: Option<&str>) -> String {
    let points = match points {
        1 => "1 point is lost".to_owned(),
        points => format!("{points} points are lost"),
    };
    match reason {
        Some(reason) => format!("Scan {name}: {points}. {}.", capitalised(bare(reason))),
        None => format!("Scan {name}: {points}."),
    }
}

fn check_text(check: &CheckState) -> String {
    let text = bare(&check.text);
    match &check.session {
        Some(session) => format!("Session {session}: {text}."),
        None => format!("{}.", capitalised(text)),
    }
}

/// Returns a text without the mark at its end.
fn bare(text: &str) -> &str {
    text.trim_end_matches(['.', '!', ' '])
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase());
    first.into_iter().flatten().chain(characters).collect()
}

fn clock(time: SystemTime) -> String {
    DateTime::<Local>::from(time).format("%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use observation::{
        ChannelKind, ChannelOutline, Check, LiveReport, ScanEnding, ScanNow, ScanRef, ScanView,
    };

    use super::*;
    use crate::api::rates::Rates;
    use crate::api::scan_text::running_text;

    #[derive(Debug)]
    struct Waiting(Option<&'static str>);

    impl ScanView for Waiting {
        fn now(&self) -> ScanNow {
            ScanNow {
                waiting: self.0.map(str::to_owned),
                ..ScanNow::default()
            }
        }

        fn warnings(&self, _: usize) -> Vec<String> {
            vec!["there were earlier problems".to_owned()]
        }
    }

    fn begin(
        observation: &Arc<Observation>,
        name: &str,
        waiting: Option<&'static str>,
    ) -> LiveReport {
        let name = ScanRef {
            key: name.to_owned(),
            name: name.to_owned(),
            ..ScanRef::default()
        };
        LiveReport::new(observation, name, Arc::new(Waiting(waiting)))
    }

    fn end(report: &LiveReport, outcome: ScanOutcome, reason: &str) {
        report.end(ScanEnding {
            outcome,
            reason: reason.to_owned(),
            duration: Duration::ZERO,
        });
    }

    fn said(observation: &Observation) -> (String, String) {
        let mut rates = Rates::default();
        let scans = &observation.scans;
        let running = scans.running();
        let running: Vec<_> = running
            .iter()
            .map(|scan| running_text(scan, &scan.view().now(), &mut rates))
            .collect();
        let head = head(observation, &running, scans.last().as_deref());
        let text = |field: &str| head[field].as_str().unwrap_or_default().to_owned();
        (text("kind"), text("text"))
    }

    #[test]
    fn each_state_has_a_sentence() {
        let observation = Arc::new(Observation::default());
        let is = |kind: &str, sentence: &str| {
            let (found, text) = said(&observation);
            assert_eq!((&*found, &*text), (kind, sentence));
        };
        is("waiting", "The writer is starting.");
        let redis = Check::new(&observation, "redis", None, "waiting for Redis");
        let (kind, text) = said(&observation);
        assert_eq!(kind, "waiting");
        assert!(text.starts_with("Waiting for Redis since "), "{text}");
        redis.pass("Redis answers");
        observation.readiness.set_started();
        is("idle", "No scan is running.");
        let disk = Check::new(&observation, "disk", Some("demo"), "2 GB free in /data");
        is("problem", "Session demo: 2 GB free in /data.");
        disk.pass("");
        let first = begin(&observation, "1_ascan", None);
        is("saving", "Scan 1_ascan is being saved.");
        let second = begin(&observation, "2_ascan", None);
        is("saving", "All scans are being saved.");
        let third = begin(&observation, "3_ascan", Some("waiting for the disk"));
        is("waiting", "Scan 3_ascan: waiting for the disk.");
        end(&first, ScanOutcome::Complete, "saving complete");
        end(&second, ScanOutcome::Skipped, "not to be saved");
        end(&third, ScanOutcome::Failed, "no room.");
        is("problem", "Scan 3_ascan could not be saved: no room.");
        end(
            &begin(&observation, "4_ct", None),
            ScanOutcome::Complete,
            "",
        );
        is("idle", "No scan is running. Scan 4_ct is complete.");
        let lossy = begin(&observation, "5_ascan", None);
        let diode = lossy.add_channel(ChannelOutline {
            name: "diode".to_owned(),
            label: "diode".to_owned(),
            unit: None,
            shape: Vec::new(),
            number: None,
            kind: ChannelKind::Number,
            is_in_files: false,
        });
        lossy.lose(diode, 0, 2, &"the server no longer has them");
        lossy.lose(diode, 2, 1, &"another reason");
        let loss = "Scan 5_ascan: 3 points are lost. The server no longer has them.";
        is("loss", loss);
        end(&lossy, ScanOutcome::Incomplete, "points are lost");
        is("loss", loss);
        observation.readiness.set_stopping();
        assert_eq!(said(&observation).0, "stopping");
    }
}
