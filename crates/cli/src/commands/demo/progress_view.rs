//! Shows the progress of scans: bars in a terminal, lines elsewhere.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use simulation::scans::ScanPlan;
use writer::NexusScanWriter;
use writer::report::{ScanOutcome, ScanReport};
use writer::session::Notice;
use writer::source::ScanId;

use crate::terminal;

const BAR_TEMPLATE: &str = "{prefix:<18} {bar:20} {pos:>5} of {len:4} points {rate:>6}  {msg}";
/// Time between two lines about a scan if there are no bars.
const LINE_PERIOD: Duration = Duration::from_secs(2);

/// The scans of the demo and their progress.
pub struct ProgressView {
    /// In the order in which they began. Either the publisher or the writer may be the first to report a
    /// scan.
    scans: RefCell<Vec<Scan>>,
    in_terminal: bool,
    last_printed: Cell<Instant>,
}

struct Scan {
    id: ScanId,
    began: Instant,
    expected: Option<Expected>,
    writer: Option<NexusScanWriter>,
    report: Option<ScanReport>,
}

struct Expected {
    name: String,
    /// Points of all channels together.
    points: u64,
    bar: ProgressBar,
}

impl ProgressView {
    /// Creates a view without scans. `file` is where they will be saved.
    pub fn new(file: &Path) -> ProgressView {
        terminal::print_line(&format!(
            "Scans are simulated, and saved in {}",
            file.display()
        ));
        ProgressView {
            scans: RefCell::default(),
            in_terminal: !terminal::bars().is_hidden(),
            last_printed: Cell::new(Instant::now()),
        }
    }

    /// Adds a scan that is being published.
    pub fn expect(&self, id: &ScanId, plan: &ScanPlan, channels: usize) {
        let points = plan.points * channels as u64;
        let bar = terminal::bars().add(ProgressBar::new(points));
        bar.set_style(style());
        bar.set_prefix(plan.name());
        bar.set_message(file_name(&plan.file));
        self.with(id, |scan| {
            scan.expected = Some(Expected {
                name: plan.name(),
                points,
                bar,
            });
        });
    }

    /// Handles a notice of the writer.
    pub fn handle_notice(&self, notice: Notice) {
        match notice {
            Notice::Subscribed => {}
            Notice::Started(writer) => {
                let id = writer.id().clone();
                self.with(&id, |scan| scan.writer = Some(writer));
            }
            Notice::Ended(report) => {
                let id = report.scan.clone();
                self.with(&id, |scan| {
                    scan.report = Some(report);
                    scan.refresh();
                    if !self.in_terminal {
                        scan.print_line();
                    }
                });
            }
        }
    }

    /// Shows the progress of all running scans.
    pub fn refresh(&self) {
        let is_due = !self.in_terminal && self.last_printed.get().elapsed() > LINE_PERIOD;
        if is_due {
            self.last_printed.set(Instant::now());
        }
        for scan in self
            .scans
            .borrow()
            .iter()
            .filter(|scan| scan.report.is_none())
        {
            scan.refresh();
            if is_due {
                scan.print_line();
            }
        }
    }

    /// Returns `true` if the saving of all scans has ended, with or without success.
    pub fn all_ended(&self) -> bool {
        self.scans.borrow().iter().all(|scan| scan.report.is_some())
    }

    /// Returns `true` if there is at least one scan, and all scans are complete.
    pub fn all_complete(&self) -> bool {
        let scans = self.scans.borrow();
        let outcomes = scans
            .iter()
            .map(|scan| scan.report.as_ref().map(|report| report.outcome));
        !scans.is_empty()
            && outcomes
                .into_iter()
                .all(|outcome| outcome == Some(ScanOutcome::Complete))
    }

    fn with(&self, id: &ScanId, change: impl FnOnce(&mut Scan)) {
        let mut scans = self.scans.borrow_mut();
        if let Some(scan) = scans.iter_mut().find(|scan| scan.id == *id) {
            return change(scan);
        }
        let mut scan = Scan {
            id: id.clone(),
            began: Instant::now(),
            expected: None,
            writer: None,
            report: None,
        };
        change(&mut scan);
        scans.push(scan);
    }
}

impl Scan {
    fn points(&self) -> u64 {
        match (&self.report, &self.writer) {
            (Some(report), _) => report.points,
            (None, Some(writer)) => writer.progress().points(),
            (None, None) => 0,
        }
    }

    fn refresh(&self) {
        let Some(Expected { bar, .. }) = &self.expected else {
            return;
        };
        bar.set_position(self.points());
        if let Some(report) = &self.report {
            match report.outcome {
                ScanOutcome::Complete => {
                    bar.abandon_with_message(format!("{} saved", bar.message()))
                }
                outcome => {
                    bar.abandon_with_message(format!("{}: {}", outcome.name(), report.reason));
                }
            }
        }
    }

    fn print_line(&self) {
        let (name, expected) = match &self.expected {
            Some(expected) => (expected.name.as_str(), expected.points),
            None => (self.id.as_str(), 0),
        };
        let (points, time) = (self.points(), self.began.elapsed().as_secs_f64());
        terminal::print_line(&match &self.report {
            None => format!(
                "{name}: {points} of {expected} points, {:.0}/s",
                points as f64 / time
            ),
            Some(report) => format!(
                "{name}: {points} of {expected} points in {time:.1} s, {}: {}",
                report.outcome.name(),
                report.reason
            ),
        });
    }
}

fn style() -> ProgressStyle {
    let rate = |state: &ProgressState, text: &mut dyn std::fmt::Write| {
        if text
            .write_fmt(format_args!("{:.0}/s", state.per_sec()))
            .is_err()
        {
            // The bar is still useful without its rate.
        }
    };
    match ProgressStyle::with_template(BAR_TEMPLATE) {
        Ok(style) => style.with_key("rate", rate).progress_chars("=> "),
        Err(_) => ProgressStyle::default_bar(),
    }
}

fn file_name(path: &str) -> String {
    let name = Path::new(path).file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
