//! What the writer does at present, in one line for people.

use std::time::Instant;

use observation::{Observation, ServicePhase};

/// Makes the line. It keeps what was written until the last call, to tell the rate.
#[derive(Default)]
pub struct StatusText {
    last: Option<(Instant, u64)>,
}

impl StatusText {
    /// Returns the line: `2 scans, 1.2 MB/s, 0.1 s behind; last: 12_ascan complete`.
    pub fn line(&mut self, observation: &Observation) -> String {
        let rate = self.rate(observation, Instant::now());
        let mut parts = Vec::new();
        let readiness = &observation.readiness;
        match readiness.phase() {
            ServicePhase::Starting => parts.push("starting".to_owned()),
            ServicePhase::Started => {}
            ServicePhase::Stopping => parts.push("stopping".to_owned()),
        }
        let states = readiness.states().into_iter();
        let problems = states.filter(|check| !check.is_ok);
        parts.extend(problems.map(|check| match check.session {
            Some(session) => format!("session {session}: {}", check.text),
            None => check.text,
        }));
        let (mut running, mut lag) = (0.0, 0.0f64);
        for (_, session) in observation.sessions.all() {
            running += session.running.get();
            lag = lag.max(session.lag_seconds.get());
        }
        if running > 0.0 {
            let scans = if running == 1.0 { "scan" } else { "scans" };
            let rate = rate / 1e6;
            parts.push(format!(
                "{running} {scans}, {rate:.1} MB/s, {lag:.1} s behind"
            ));
        } else if readiness.phase() == ServicePhase::Started {
            parts.push("no scan".to_owned());
        }
        if let Some(scan) = observation.last_scan.get() {
            parts.push(format!("last: {} {}", scan.name, scan.outcome.label()));
        }
        // A scan has any name; the message ends with the line.
        parts.join("; ").replace(char::is_control, " ")
    }

    /// Returns the bytes per second that were written since the last call.
    fn rate(&mut self, observation: &Observation, now: Instant) -> f64 {
        let written = observation.hdf5.bytes_written.get();
        let last = self.last.replace((now, written));
        let Some((when, before)) = last else {
            return 0.0;
        };
        let seconds = (now - when).as_secs_f64();
        match seconds > 0.0 {
            true => written.saturating_sub(before) as f64 / seconds,
            false => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use observation::{Check, ScanOutcome};

    use super::*;

    #[test]
    fn the_line_tells_what_is_done_and_what_is_wrong() {
        let observation = Arc::new(Observation::default());
        let mut status = StatusText::default();
        let redis = Check::new(&observation, "redis", None, "waiting for Redis");
        assert_eq!(status.line(&observation), "starting; waiting for Redis");
        redis.pass("connected");
        observation.readiness.set_started();
        assert_eq!(status.line(&observation), "no scan");
        let session = observation.sessions.session("demo");
        session.running.add(2.0);
        session.lag_seconds.set(0.12);
        let begin = Instant::now();
        status.rate(&observation, begin);
        observation.hdf5.bytes_written.add(3_000_000);
        let rate = status.rate(&observation, begin + Duration::from_secs(2));
        assert_eq!(rate, 1_500_000.0);
        session.running.add(-1.0);
        observation
            .last_scan
            .set("12_a\nscan", ScanOutcome::Incomplete);
        let line = status.line(&observation);
        assert_eq!(
            line,
            "1 scan, 0.0 MB/s, 0.1 s behind; last: 12_a scan incomplete"
        );
    }
}
