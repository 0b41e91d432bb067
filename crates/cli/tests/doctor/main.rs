//! `nexus-writer doctor` with real peers: a good set-up is OK in every respect, and each of these is found:
//!
//! |  | what is broken | test |
//! |---|---|---|
//! | 1 | nothing listens at the address of Redis | `redis::nothing_listens` |
//! | 2 | Redis is not initialised; it lacks the module for JSON | `redis::not_initialised`, `redis::without_modules` |
//! | 3 | another version of the protocol | `redis::another_protocol` |
//! | 4 | Redis asks for a password, or for another one | `redis::a_password_is_missing_or_wrong` |
//! | 5 | Beacon cannot be reached; it tells another Redis | `beacon::nothing_listens`, `beacon::another_redis` |
//! | 6 | the Tango database cannot be reached | `device::no_database` |
//! | 7 | no device is registered for the session | `device::not_registered` |
//! | 8 | the device does not run, is killed, or is stopped | `device::not_running`, `device::killed`, `device::stopped` |
//! | 9 | the data directory does not exist, or cannot be written | `files::no_directory`, `files::no_permission` |
//! | 10 | the file system has no room | `files::no_room`, `files::full` |
//! | 11 | too few descriptors | `process::few_descriptors` |
//! | 12 | another writer saves the session | `writers::of_all_scans`, `writers::of_the_same_scans`, `writers::elsewhere` |
//! | 13 | the clocks differ | `redis::another_time` |
//! | 14 | the configuration file is wrong | `process::wrong_configuration` |
//!
//! Beside these: what Redis does without memory, file systems without locks, disks that fail, HTTP, the writer that BLISS asks
//! for, and peers that do not answer.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod beacon;
mod data_writer;
mod device;
mod files;
mod findings;
mod fixture;
mod good;
mod process;
mod redis;
mod time_shift;
mod writers;
