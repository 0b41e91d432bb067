//! Whether files can be locked, and whether their data reach the disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nexus::file::{Durability, FileLocking};

use super::finding::Finding;
use super::installation::Installation;
use super::temporary_file::{Locks, TemporaryFile};

const LOCKS: &str = "file locks";
const SYNCHRONISATION: &str = "disk";

/// Time for a few bytes from which on the disk delays the end of scans.
const SLOW: Duration = Duration::from_secs(1);

/// How often a slow disk is tried again.
const TRIALS: usize = 3;

/// What was tried.
struct Trial {
    /// Kind of the file system, as in the table of mounts.
    kind: String,
    locks: io::Result<Locks>,
    synchronised: io::Result<Duration>,
}

/// Locks a temporary file, and waits until it is on the disk.
pub async fn check(installation: &Installation, directory: &Path, is_usable: bool) -> Vec<Finding> {
    let skipped = |reason: &str| {
        let skip = |check| Finding::skipped(check, reason);
        vec![skip(LOCKS), skip(SYNCHRONISATION)]
    };
    if !is_usable {
        return skipped("no file can be made in the data directory");
    }
    let path = directory.to_owned();
    match installation.limit.blocking(move || attempt(&path)).await {
        Some(Ok(trial)) => vec![
            locks(installation.files.locking, &trial),
            synchronisation(installation.files.durability, &trial),
        ],
        Some(Err(error)) => skipped(&format!("no file can be made: {error}")),
        None => {
            let found = installation
                .limit
                .no_answer(format!("the file system of {}", directory.display()));
            let advice =
                "See whether the server of the file system runs: a lock or a disk does not answer.";
            vec![
                Finding::problem(LOCKS, found, advice),
                Finding::skipped(SYNCHRONISATION, "the file system does not answer"),
            ]
        }
    }
}

fn attempt(directory: &Path) -> io::Result<Trial> {
    let file = TemporaryFile::make(directory)?;
    let locks = file.lock();
    let synchronised = synchronise(&file);
    Ok(Trial {
        kind: kind_of(directory).unwrap_or_else(|| "unknown kind".to_owned()),
        locks,
        synchronised,
    })
}

/// Returns the shortest time after which data are on the disk: something else may use it at the moment.
fn synchronise(file: &TemporaryFile) -> io::Result<Duration> {
    let mut shortest = Duration::MAX;
    for _ in 0..TRIALS {
        let begin = Instant::now();
        file.synchronise()?;
        shortest = shortest.min(begin.elapsed());
        if shortest < SLOW {
            break;
        }
    }
    Ok(shortest)
}

fn locks(setting: FileLocking, trial: &Trial) -> Finding {
    let kind = &trial.kind;
    let found = match &trial.locks {
        Ok(Locks::Exclusive) => {
            return Finding::ok(LOCKS, format!("the file system ({kind}) has locks"));
        }
        Ok(Locks::WithoutEffect) => format!("locks of the file system ({kind}) have no effect"),
        Err(error) => format!("the file system ({kind}) has no locks: {error}"),
    };
    match setting {
        FileLocking::Off => Finding::ok(LOCKS, format!("{found}, and none are used")),
        FileLocking::Auto => {
            let advice = "Mount the file system with locks (flock, local_lock=none), or see that no two programs write the \
                          same file.";
            Finding::warning(LOCKS, found, advice)
        }
        FileLocking::Required => {
            let advice = "Mount the file system with locks (flock, local_lock=none), or use `--file-locking auto`.";
            Finding::problem(LOCKS, found, advice)
        }
    }
}

fn synchronisation(durability: Durability, trial: &Trial) -> Finding {
    match &trial.synchronised {
        Ok(time) if *time < SLOW => {
            let found = format!(
                "data are on the disk after {:.1} ms",
                time.as_secs_f64() * 1e3
            );
            Finding::ok(SYNCHRONISATION, found)
        }
        Ok(time) => {
            let found = format!("data are on the disk after {:.1} s", time.as_secs_f64());
            let advice = "See what else uses the disk: scans end only when their data are on it (`--durability`).";
            Finding::warning(SYNCHRONISATION, found, advice)
        }
        Err(error) => {
            let found = format!("data do not reach the disk: {error}");
            match durability {
                Durability::None => {
                    let advice = "See the log of the system: with `--durability none`, no writer waits for the disk.";
                    Finding::warning(SYNCHRONISATION, found, advice)
                }
                Durability::Scan | Durability::Every(_) => {
                    let advice = "See the log of the system, and use another disk: scans could not be finished.";
                    Finding::problem(SYNCHRONISATION, found, advice)
                }
            }
        }
    }
}

/// Returns the kind of the file system of a directory, such as `ext4` or `nfs4`.
fn kind_of(directory: &Path) -> Option<String> {
    let directory = fs::canonicalize(directory).ok()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let mounts = mounts.lines().filter_map(mount);
    let above = mounts.filter(|(point, _)| directory.starts_with(point));
    // Of several at one place, the last one hides the others.
    let nearest = above.max_by_key(|(point, _)| point.components().count());
    nearest.map(|(_, kind)| kind)
}

/// Reads a line of the table of mounts (proc_pid_mountinfo(5)). Returns the place and the kind.
fn mount(line: &str) -> Option<(PathBuf, String)> {
    let (before, behind) = line.split_once(" - ")?;
    let point = before.split(' ').nth(4)?.replace("\\040", " ");
    let kind = behind.split(' ').next()?;
    Some((PathBuf::from(point), kind.to_owned()))
}
