//! Operations on disk that fail.

use std::io;
use std::sync::{Arc, Mutex};

use journal::{Observer, Operation, Target};

use crate::fixture::Kills;

/// Lets one operation fail.
#[derive(Debug, Default)]
pub struct Failures(Mutex<Plan>);

#[derive(Debug, Default)]
struct Plan {
    /// The number of operations before the one that fails.
    before: Option<usize>,
    error: i32,
    /// Whether the file had been changed, and only making that durable remained.
    has_changed: bool,
    failure: Option<Failure>,
}

/// An operation that has failed.
#[derive(Debug)]
pub struct Failure {
    pub operation: String,
    pub has_changed: bool,
}

impl Failures {
    pub fn new() -> Arc<Failures> {
        Arc::default()
    }

    /// Lets an operation fail: the first, or the one behind this number of others.
    pub fn arm(&self, before: usize, error: i32) {
        *self.0.lock().unwrap() = Plan {
            before: Some(before),
            error,
            ..Plan::default()
        };
    }

    pub fn is_armed(&self) -> bool {
        self.0.lock().unwrap().before.is_some()
    }

    /// Lets nothing fail from now on. Returns what has failed.
    pub fn disarm(&self) -> Option<Failure> {
        std::mem::take(&mut *self.0.lock().unwrap()).failure
    }
}

impl Observer for Failures {
    fn before(&self, target: Target, operation: Operation<'_>) -> io::Result<()> {
        let mut plan = self.0.lock().unwrap();
        plan.has_changed |= match (target, operation) {
            // A header of the journal, and the end of the changes of a checkpoint.
            (Target::Journal, Operation::Write(0 | 2048, _)) => true,
            (Target::Data, Operation::Synchronise) => true,
            _ => false,
        };
        match plan.before {
            None => return Ok(()),
            Some(0) => plan.before = None,
            Some(before) => {
                plan.before = Some(before - 1);
                return Ok(());
            }
        }
        let operation = match operation {
            Operation::Write(offset, bytes) => format!("Write({offset}, {})", bytes.len()),
            operation => format!("{operation:?}"),
        };
        plan.failure = Some(Failure {
            operation: format!("{target:?} {operation}"),
            has_changed: plan.has_changed,
        });
        Err(io::Error::from_raw_os_error(plan.error))
    }
}

/// Lets an operation fail, and copies the file before each of the later ones.
#[derive(Debug)]
pub struct FailureAndKills(pub Arc<Failures>, pub Arc<Kills>);

impl Observer for FailureAndKills {
    fn before(&self, target: Target, operation: Operation<'_>) -> io::Result<()> {
        let FailureAndKills(failures, kills) = self;
        failures.before(target, operation)?;
        match failures.is_armed() {
            true => Ok(()),
            false => kills.before(target, operation),
        }
    }
}
