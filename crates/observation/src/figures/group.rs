//! The groups of writers that share scans.

use std::sync::Arc;

use crate::Observation;
use crate::number::Gauge;

/// The groups of all sessions of the process.
#[derive(Debug, Default)]
pub struct GroupFigures {
    /// Scans that were handed out to a member and are not done.
    pub pending_scans: Gauge,
    /// Members that live.
    pub members: Gauge,
}

/// What is known about one group. It counts until this is dropped.
#[derive(Debug)]
pub struct GroupReport {
    observation: Arc<Observation>,
    pending_scans: f64,
    members: f64,
}

impl GroupReport {
    /// Creates the report of a group about which nothing is known yet.
    pub fn new(observation: &Arc<Observation>) -> GroupReport {
        GroupReport {
            observation: observation.clone(),
            pending_scans: 0.0,
            members: 0.0,
        }
    }

    /// Sets how many scans are pending in the group, and how many members live.
    pub fn set(&mut self, pending_scans: u64, members: u64) {
        let (pending_scans, members) = (pending_scans as f64, members as f64);
        let group = &self.observation.group;
        group.pending_scans.add(pending_scans - self.pending_scans);
        group.members.add(members - self.members);
        self.pending_scans = pending_scans;
        self.members = members;
    }
}

impl Drop for GroupReport {
    fn drop(&mut self) {
        self.set(0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_added_up_while_they_last() {
        let observation = Arc::new(Observation::default());
        let figures = || {
            let group = &observation.group;
            (group.pending_scans.get(), group.members.get())
        };
        let [mut one, mut other] = [(), ()].map(|()| GroupReport::new(&observation));
        one.set(5, 2);
        other.set(1, 1);
        one.set(3, 2);
        assert_eq!(figures(), (4.0, 3.0));
        drop(one);
        assert_eq!(figures(), (1.0, 1.0));
    }
}
