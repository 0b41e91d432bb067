//! How far the running scans are behind what is published.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Observation;
use crate::figures::session::SessionFigures;

/// How far a running scan is behind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScanLag {
    /// Points that are published and not in a file yet.
    pub points: u64,
    /// Age in seconds of the oldest of them.
    pub seconds: f64,
    /// Seconds until the server begins to drop unread points, or to refuse new ones; infinite if that is not in
    /// sight.
    pub margin: f64,
}

/// The lags of the running scans.
#[derive(Debug, Default)]
pub struct LagTable(Mutex<LagList>);

#[derive(Debug, Default)]
struct LagList {
    next: u64,
    scans: BTreeMap<u64, (Arc<SessionFigures>, ScanLag)>,
}

/// The place of one scan among the lags of all. The lag counts until this is dropped.
#[derive(Debug)]
pub struct LagReport {
    observation: Arc<Observation>,
    session: Arc<SessionFigures>,
    scan: u64,
}

impl LagReport {
    /// Creates the place of a scan of this session, which is not behind yet.
    pub fn new(observation: &Arc<Observation>, session: &Arc<SessionFigures>) -> LagReport {
        let mut list = observation.lags.list();
        let scan = list.next;
        list.next += 1;
        LagReport {
            observation: observation.clone(),
            session: session.clone(),
            scan,
        }
    }

    /// Sets how far the scan is behind.
    pub fn set(&self, lag: ScanLag) {
        let mut list = self.observation.lags.list();
        list.scans.insert(self.scan, (self.session.clone(), lag));
        self.sum_up(&list);
    }

    /// Sets the gauges of the session and of the process.
    fn sum_up(&self, list: &LagList) {
        let (mut points, mut seconds, mut margin) = (0, 0.0f64, f64::INFINITY);
        for (session, lag) in list.scans.values() {
            if Arc::ptr_eq(session, &self.session) {
                points += lag.points;
                seconds = seconds.max(lag.seconds);
            }
            margin = margin.min(lag.margin);
        }
        self.session.lag_points.set(points as f64);
        self.session.lag_seconds.set(seconds);
        self.observation.redis.trim_margin.set(margin);
    }
}

impl Drop for LagReport {
    fn drop(&mut self) {
        let mut list = self.observation.lags.list();
        list.scans.remove(&self.scan);
        self.sum_up(&list);
    }
}

impl LagTable {
    /// No code runs under the lock that could leave the list half changed.
    fn list(&self) -> MutexGuard<'_, LagList> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_added_up_and_the_worst_times_count() {
        let observation = Arc::new(Observation::default());
        let margin = || observation.redis.trim_margin.get();
        assert_eq!(margin(), f64::INFINITY);
        let [one, other] = ["one", "other"].map(|name| observation.sessions.session(name));
        let first = LagReport::new(&observation, &one);
        let second = LagReport::new(&observation, &one);
        let third = LagReport::new(&observation, &other);
        let lag = |points, seconds, margin| ScanLag {
            points,
            seconds,
            margin,
        };
        first.set(lag(3, 1.5, 200.0));
        second.set(lag(4, 0.5, f64::INFINITY));
        third.set(lag(100, 90.0, 70.0));
        assert_eq!((one.lag_points.get(), one.lag_seconds.get()), (7.0, 1.5));
        assert_eq!(other.lag_points.get(), 100.0);
        assert_eq!(margin(), 70.0);
        drop(third);
        assert_eq!((other.lag_points.get(), margin()), (0.0, 200.0));
        drop(first);
        assert_eq!((one.lag_points.get(), one.lag_seconds.get()), (4.0, 0.5));
        assert_eq!(margin(), f64::INFINITY);
    }
}
