//! The real peers of the tests: a private Redis, Python programs, and writers as processes.
//!
//! [`redis`] gives a test a Redis server of its own, [`python`] the Python that has the genuine
//! blissdata and h5py, [`Program`] a process that is talked to by signals and listened to by what it
//! logs. A [`Scenario`] brings them together: scans that blissdata publishes, and what should be in
//! the files that a writer makes of them; a [`Replay`] does the same with [`Recording`]s of scans that
//! BLISS published itself. [`Case`]s are small scans, each about one detail of a layout. A [`TangoDatabaseServer`] is where Tango devices are found, by a [`TangoClient`]
//! for example.
//!
//! ```no_run
//! use std::process::Command;
//! use testing::Scenario;
//!
//! let scenario = Scenario::new("streams_short");
//! let scans = scenario.publish();
//! let mut writer = Command::new("nexus-writer");
//! writer.args(["save", &scenario.url(), &scans[0].key]);
//! assert!(writer.status().unwrap().success());
//! scenario.check().verify();
//! ```
//!
//! All functions panic on failure, because only tests call them.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod beacon;
mod case;
mod changed_files;
mod detector;
mod failing_call;
mod file_content;
mod held_thread;
mod http;
mod journal_file;
mod link;
mod memory_disk;
mod metrics;
mod network_path;
mod paused_replay;
mod program;
mod python;
mod rationed_disk;
mod recording;
mod redis;
mod scenario;
mod seccomp;
mod service_manager;
mod tango;
mod validation;

pub use beacon::BeaconServer;
pub use case::{Case, CaseProblem, CaseRun, PublishedCase};
pub use changed_files::{differences_after, problems_after};
pub use detector::DescribedDetector;
pub use failing_call::{SystemCall, failing};
pub use file_content::{read, try_read, wait_until_read};
pub use held_thread::HeldThread;
pub use http::{HttpAnswer, http_get, http_send};
pub use journal_file::in_another_boot;
pub use link::link_beside;
pub use memory_disk::{MemoryDisk, runs_in_own_mounts};
pub use metrics::{Metrics, parse_metrics};
pub use network_path::NetworkPath;
pub use paused_replay::PausedReplay;
pub use program::{Program, run};
pub use python::{hold, output, python};
pub use rationed_disk::RationedDisk;
pub use recording::{Difference, RecordedScan, Recording, Replay, Speed};
pub use redis::{
    data_store, empty_redis, fill_to_tracker_threshold, redis, redis_call, wait_until_saved,
};
pub use scenario::{FileCheck, PublishedScan, Scenario};
pub use service_manager::ServiceManager;
pub use tango::{
    BlissClient, BlissScan, MappingClient, MappingProtocol, NexusClient, NexusProtocol,
    TangoClient, TangoDatabaseServer, TangoDevice, TangoError, TangoErrorLevel, WriterProtocol,
    free_port,
};
pub use validation::{Problem, validate};
