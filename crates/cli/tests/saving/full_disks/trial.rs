//! One scan that is saved on a disk which becomes full: the older scans must stay as they are, the scan must be complete
//! when there is room, and must not be called complete before.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use testing::Program;

use super::comparison::{Comparison, Moment};
use super::disk::Disk;
use super::scan::{POINTS, Scan};
use crate::fixture::{Fixture, WRITER};

/// Longest wait, which is not reached even on a busy machine.
const WAIT_LIMIT: Duration = Duration::from_secs(60);
/// Time between two looks at a file.
const LOOK_PERIOD: Duration = Duration::from_millis(20);

/// The scans that are in a file before.
const OLDER_SCANS: u64 = 5;

const WAITING: &str = "waiting, the scan is not lost: not enough space";
const FINISHED: &str = "Finished writing";

/// How the scan is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By `save`, after it has ended.
    Save,
    /// By a session writer, while it is published.
    Live,
}

/// What is in the folder before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Nothing: the file has to be created.
    Creation,
    /// A file with older scans.
    Append,
    /// The same, and a part of the scan, whose writer was killed.
    Continuation,
}

impl Stage {
    pub const ALL: [Stage; 3] = [Stage::Creation, Stage::Append, Stage::Continuation];
}

/// What happens on a disk of several sizes.
pub struct Trial<'d, D> {
    disk: &'d D,
    layout: &'static str,
    way: Way,
    stage: Stage,
    driver: String,
    /// Has the older scans, and what the file has to be in the end.
    references: tempfile::TempDir,
    comparison: Comparison,
}

impl<D> fmt::Display for Trial<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (layout, driver) = (self.layout, &self.driver);
        write!(f, "{:?} {layout} {driver} {:?}", self.way, self.stage)
    }
}

/// How a scan went that was saved as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// Whether there was too little room for it at first.
    pub was_full: bool,
}

/// A scan that is being published, and what saves it.
struct Begun {
    fixture: Fixture,
    scan: Scan,
    /// The session writer, unless it was killed or there is none.
    writer: Option<Program>,
}

impl<'d, D: Disk> Trial<'d, D> {
    /// Prepares a trial: makes the older scans, and lets an undisturbed writer save the scan. Returns the room that it
    /// has taken, too.
    pub async fn prepare(
        disk: &'d D,
        layout: &'static str,
        way: Way,
        stage: Stage,
        driver: &str,
    ) -> (Trial<'d, D>, u64) {
        let mut trial = Trial {
            disk,
            layout,
            way: Way::Save,
            stage: match stage {
                Stage::Creation => Stage::Creation,
                Stage::Append | Stage::Continuation => Stage::Append,
            },
            driver: driver.to_owned(),
            references: tempfile::tempdir().unwrap(),
            comparison: Comparison::start(),
        };
        trial.make_older().await;
        let (begun, before) = (trial.begin(None).await, disk.taken());
        let key = begun.scan.end().await;
        trial.save(&begun.fixture, &[key]).expect("without a limit");
        fs::copy(trial.file(), trial.reference()).unwrap();
        (trial.way, trial.stage) = (way, stage);
        let needed = disk.taken() - before;
        // A running scan has a journal beside the file for longer, and chunks that are not full yet.
        match way {
            Way::Save => (trial, needed * 5 / 4),
            Way::Live => (trial, needed * 2),
        }
    }

    /// Saves a scan on a disk with this much room, and makes room when that is used up.
    ///
    /// # Errors
    /// What is wrong.
    pub async fn run(&self, room: u64) -> Result<Passed, String> {
        let begun = self.begin(Some(room)).await;
        let passed = match self.way {
            Way::Save => self.save_twice(begun).await,
            Way::Live => self.save_live(begun).await,
        };
        self.disk.make_room();
        let passed = passed?;
        self.compare(Moment::Finished)?;
        match self.files() == 1 {
            true => Ok(passed),
            false => Err("the journal is still there".to_owned()),
        }
    }

    async fn save_twice(&self, begun: Begun) -> Result<Passed, String> {
        let (keys, fixture) = ([begun.scan.end().await], begun.fixture);
        let was_full = self.save(&fixture, &keys).is_err();
        self.compare(Moment::WhenFull)?;
        if was_full {
            self.disk.make_room();
            self.save(&fixture, &keys)?;
        }
        Ok(Passed { was_full })
    }

    async fn save_live(&self, begun: Begun) -> Result<Passed, String> {
        let Begun {
            fixture,
            mut scan,
            writer,
        } = begun;
        let mut writer = writer.unwrap_or_else(|| self.start_writer(&fixture));
        for points in [POINTS / 2, POINTS * 3 / 4] {
            scan.send_until(points).await;
            self.wait_until_stored(&scan, &mut writer)?;
        }
        scan.end().await;
        let was_full = expect(&mut writer, &[WAITING, FINISHED])? == WAITING;
        // The writer tries again from time to time.
        writer.signal("STOP");
        self.compare(Moment::WhenFull)?;
        writer.signal("CONT");
        if was_full {
            self.disk.make_room();
            expect(&mut writer, &[FINISHED])?;
        }
        Fixture::end(writer);
        Ok(Passed { was_full })
    }

    /// Waits until a reader sees the published points, or the writer waits for room.
    fn wait_until_stored(&self, scan: &Scan, writer: &mut Program) -> Result<(), String> {
        let begun = Instant::now();
        while writer.first_of(&[WAITING], LOOK_PERIOD).is_none() && !scan.is_stored(&self.file()) {
            if begun.elapsed() > WAIT_LIMIT {
                return Err(format!("nothing is stored:\n{}", writer.log()));
            }
        }
        Ok(())
    }

    /// Brings the folder back to what it was before the scan, lets the disk have this much room, and begins the scan.
    async fn begin(&self, room: Option<u64>) -> Begun {
        self.disk.clear();
        if self.stage != Stage::Creation {
            fs::copy(self.older(), self.file()).unwrap();
        }
        let limit = || {
            if let Some(room) = room {
                self.disk.limit(room);
            }
        };
        let fixture = Fixture::new().await;
        // A session has only the scans that were created after its writer was there.
        let is_needed = self.way == Way::Live || self.stage == Stage::Continuation;
        let mut writer = is_needed.then(|| self.start_writer(&fixture));
        if self.stage != Stage::Continuation {
            limit();
        }
        let mut scan = Scan::start(&fixture, &self.file(), OLDER_SCANS + 1).await;
        if self.stage == Stage::Continuation
            && let Some(mut killed) = writer.take()
        {
            scan.send_until(POINTS / 4).await;
            self.wait_until_stored(&scan, &mut killed).unwrap();
            killed.signal("KILL");
            killed.end();
            limit();
        }
        Begun {
            fixture,
            scan,
            writer,
        }
    }

    async fn make_older(&self) {
        if self.stage == Stage::Creation {
            return;
        }
        self.disk.clear();
        let fixture = Fixture::new().await;
        let mut keys = Vec::new();
        for number in 1..=OLDER_SCANS {
            let scan = Scan::start(&fixture, &self.file(), number).await;
            keys.push(scan.end().await);
        }
        self.save(&fixture, &keys).unwrap();
        fs::copy(self.file(), self.older()).unwrap();
    }

    /// Saves scans once, whatever happens.
    ///
    /// # Errors
    /// If they are not complete then.
    fn save(&self, fixture: &Fixture, keys: &[String]) -> Result<(), String> {
        let saved = self.disk.run(|| {
            fixture.save_with(keys, |command| {
                self.configure(command);
            })
        });
        let states = saved.reports.iter().map(|report| &report["state"]);
        let complete = states.filter(|state| *state == "COMPLETE").count();
        match complete == keys.len() {
            true => Ok(()),
            false => Err(format!("{:?}: {}", saved.reports, saved.log)),
        }
    }

    fn start_writer(&self, fixture: &Fixture) -> Program {
        let mut command = Command::new(WRITER);
        command.args(["run", "--data-writer=any", &fixture.url()]);
        self.configure(&mut command);
        let mut writer = self.disk.run(|| Program::start(&mut command));
        writer.wait_for("subscribed");
        writer
    }

    fn configure(&self, command: &mut Command) {
        command.args(["--layout", self.layout, "--file-driver", &self.driver]);
        command.args(["--required-disk-space=0", "--recommended-disk-space=0"]);
    }

    fn compare(&self, moment: Moment) -> Result<(), String> {
        let entry = format!("{}.1", OLDER_SCANS + 1);
        self.comparison
            .compare(moment, &self.file(), &self.reference(), &entry)
    }

    fn files(&self) -> usize {
        fs::read_dir(self.disk.folder()).unwrap().count()
    }

    fn file(&self) -> PathBuf {
        self.disk.folder().join("scans.h5")
    }

    fn older(&self) -> PathBuf {
        self.references.path().join("older.h5")
    }

    fn reference(&self) -> PathBuf {
        self.references.path().join("whole.h5")
    }
}

/// Waits until a writer has logged one of these texts.
fn expect<'t>(writer: &mut Program, texts: &[&'t str]) -> Result<&'t str, String> {
    let ends = [texts, &["INCOMPLETE", "FAILED"]].concat();
    let found = writer.first_of(&ends, WAIT_LIMIT);
    let found = found.filter(|found| texts.contains(found));
    found.ok_or_else(|| format!("{texts:?} is not in the log:\n{}", writer.log()))
}
