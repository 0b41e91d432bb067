//! Recorded scans whose writer is killed or stopped while they are published, and that another one
//! continues.

use std::process::Command;

use testing::{Program, Replay, Speed};

use crate::families::{assert_equal, options};
use crate::save::writer;

/// Parts of a recording at which another writer takes over.
const PAUSES: [f64; 4] = [0.2, 0.45, 0.65, 0.85];

/// Replays at the recorded speed, because recorded scans last a second or less.
const SPEED: Speed = Speed::Times(1);

/// State of a scan from which on writers write it.
const PREPARED: u8 = 1;

/// How writers end.
#[derive(Clone, Copy, Debug)]
enum End {
    Killed,
    Stopped,
}

fn save<'a>(replay: &Replay, keys: impl Iterator<Item = &'a String>, flags: &[String]) -> Command {
    let mut command = writer();
    command
        .args(["save", "--log=debug", &replay.url()])
        .args(keys)
        .args(flags);
    command
}

impl End {
    /// Returns what one of the lines of the log has when a writer has left something to continue, or has saved it all.
    fn marks(self) -> &'static [&'static str] {
        match self {
            // What nobody can see yet is lost with the writer.
            End::Killed => &["readers see what was flushed", "Finished writing"],
            End::Stopped => &["start saving scan"],
        }
    }
}

/// Saves recordings of one scan each with one writer after the other.
fn resume(names: &[&str], golden: &str, end: End) {
    let (flags, _) = options(names, golden);
    let mut continued = 0;
    let mut all = String::new();
    for name in names {
        let logs = pass_on(name, golden, end, &flags);
        continued += usize::from(logs.contains("continues"));
        all += &logs;
    }
    assert!(continued > 0, "no writer has left anything:\n{all}");
}

/// Saves a recording of one scan. Returns the logs.
fn pass_on(name: &str, golden: &str, end: End, flags: &[String]) -> String {
    let replay = Replay::new(&[name]);
    let mut publisher = replay.publish_with_pauses(SPEED, &PAUSES);
    let mut running: Option<Program> = None;
    let mut logs = String::new();
    while let Some(scans) = publisher.pause() {
        if let Some(mut program) = running.take() {
            // A writer that ends before it has a file leaves nothing to continue.
            if scans.values().any(|&state| state >= PREPARED) {
                let marks = end.marks();
                program.wait_for_line(&marks.join(" or "), |line| {
                    marks.iter().any(|mark| line.contains(mark))
                });
            }
            program.signal(match end {
                End::Killed => "KILL",
                End::Stopped => "TERM",
            });
            logs += &program.end().1;
        }
        // There is no scan yet at the very beginning.
        if !scans.is_empty() {
            running = Some(Program::start(&mut save(&replay, scans.keys(), flags)));
        }
        publisher.resume();
    }
    publisher.end();
    let (status, log) = running.unwrap().end();
    logs += &log;
    assert!(status.success(), "{name} {end:?}: {status}\n{logs}");
    assert_equal(&replay, golden, &logs);
    logs
}

macro_rules! resumed {
    ($($test:ident: $golden:literal [$($name:literal),* $(,)?]),* $(,)?) => {
        mod killed {
            $(#[test] fn $test() {
                super::resume(&[$($name),*], $golden, super::End::Killed);
            })*
        }

        mod stopped {
            $(#[test] fn $test() {
                super::resume(&[$($name),*], $golden, super::End::Stopped);
            })*
        }
    };
}

resumed!(
    scans: "golden" ["ascan", "amesh", "timescan", "unequal_channels"],
    spectra: "golden" ["spectra_big", "variable_length", "types", "compression_byteshuffle"],
    detectors: "golden" ["lima_hdf5", "lima2", "lima_mesh"],
    grids: "golden_keepshape" ["amesh", "amesh_spectra"],
    copies: "golden_copy" ["lima_edf"],
    speed: "golden" ["fast"],
);
