//! Measures how far a scan is behind its publisher, and warns before the server drops what is in no file yet.

mod backlog;
mod lag_samples;
mod spooling;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hub::Greenlet;
use observation::{ScanLag, with_causes};
use tracing::{Instrument as _, Span, debug, error, info, warn};

use super::figures::ScanFigures;
use crate::report::{ScanProgress, StreamFigures, Warnings};
use crate::source::margin_level::MarginLevel;
use crate::source::{
    HeadProbe, MemoryForecast, ScanId, ScanSource, ScanStore, ShortageEffect, SourceEvent,
    StreamId, UnreadStream,
};
use backlog::Backlog;
use lag_samples::LagSamples;
use spooling::{Spooling, Unread, is_threatened};

/// Time between two measurements.
const PERIOD: Duration = Duration::from_secs(1);

/// Time between two measurements of a scan of which the server keeps so few entries that they can be those of two seconds.
const SHORT_PERIOD: Duration = Duration::from_millis(200);

/// What the margin of one scan is measured for.
pub struct MarginSubject {
    /// Identifier of the scan.
    pub id: ScanId,
    /// Name of the scan for users.
    pub name: String,
    /// Where the scan is published.
    pub store: Arc<dyn ScanStore>,
    /// Receives the lags of the streams.
    pub progress: Arc<ScanProgress>,
    /// Receives the lag of the scan.
    pub figures: ScanFigures,
    /// Receives the warnings.
    pub warnings: Warnings,
}

/// Measures the lag and the margin of a scan, at least once per second, until it is dropped.
///
/// It runs beside the listener, which may be waiting for the consumer or for a file just when the margin shrinks.
pub struct MarginWatch {
    state: Rc<WatchState>,
    greenlet: Option<Greenlet<()>>,
}

struct WatchState {
    subject: MarginSubject,
    streams: RefCell<Vec<WatchedStream>>,
    /// Asks how far the streams are published, in their order.
    probe: RefCell<Option<Rc<dyn HeadProbe>>>,
    /// All streams that the layout asks for.
    wanted: RefCell<Vec<String>>,
    spooling: RefCell<Spooling>,
    /// How many of the last entries of each stream the server keeps, if it limits them.
    kept_entries: Cell<Option<u64>>,
    /// Set once per period, until the lengths of the streams are known.
    is_due: Cell<bool>,
}

struct WatchedStream {
    /// Its identifier in the present attempt to save the scan, if there is one.
    id: Option<StreamId>,
    name: String,
    figures: Arc<StreamFigures>,
    published: u64,
    samples: LagSamples,
    backlog: Backlog,
}

impl MarginWatch {
    /// Creates a watch that has no streams yet.
    pub fn new(subject: MarginSubject) -> MarginWatch {
        let state = WatchState {
            subject,
            streams: RefCell::default(),
            probe: RefCell::default(),
            wanted: RefCell::default(),
            spooling: RefCell::default(),
            kept_entries: Cell::new(None),
            is_due: Cell::new(false),
        };
        MarginWatch {
            state: Rc::new(state),
            greenlet: None,
        }
    }

    /// Starts to measure, in a greenlet of this hub.
    pub fn start(&mut self) {
        let watching = self.state.clone().run().instrument(Span::current());
        self.greenlet = Some(hub::spawn(watching));
    }

    /// Sets the streams that the layout asks for, whether they are declared yet or not.
    pub fn set_wanted(&self, streams: impl Iterator<Item = String>) {
        *self.state.wanted.borrow_mut() = streams.collect();
    }

    /// Notes that the scan was opened for another attempt to save it: streams have other identifiers in its events.
    pub fn begin_attempt(&self, source: &dyn ScanSource) {
        let subject = &self.state.subject;
        self.state.kept_entries.set(source.kept_entries());
        let spool = subject.store.spool(&subject.id);
        self.state.spooling.borrow_mut().set_spool(spool);
        for stream in &mut *self.state.streams.borrow_mut() {
            stream.id = None;
        }
    }

    /// Notes that the source is given up: what it has delivered and is in no file has to be read again.
    pub fn end_attempt(&self) {
        for stream in &mut *self.state.streams.borrow_mut() {
            stream.backlog.forget_taken();
        }
    }

    /// Notes that these events are no longer needed in the server.
    pub fn take(&self, events: &[SourceEvent]) {
        if self.state.kept_entries.get().is_none() {
            return;
        }
        let mut streams = self.state.streams.borrow_mut();
        for event in events {
            let Some((id, end)) = event.points() else {
                continue;
            };
            let mut streams = streams.iter_mut();
            if let Some(stream) = streams.find(|stream| stream.id == Some(id)) {
                stream.backlog.take(end);
            }
        }
    }

    /// Measures these streams of numbers of the source from now on, whether they can be saved yet or not.
    pub fn watch<'n>(&self, source: &dyn ScanSource, names: impl Iterator<Item = &'n str>) {
        let mut streams = self.state.streams.borrow_mut();
        let known = streams.len();
        for name in names {
            if streams.iter().all(|stream| stream.name != name) {
                streams.push(WatchedStream {
                    id: None,
                    name: name.to_owned(),
                    figures: self.state.subject.progress.stream(name),
                    published: 0,
                    samples: LagSamples::default(),
                    backlog: Backlog::default(),
                });
            }
        }
        if streams.len() == known {
            return;
        }
        let names: Vec<&str> = streams.iter().map(|stream| stream.name.as_str()).collect();
        match source.head_probe(&names) {
            Ok(probe) => *self.state.probe.borrow_mut() = Some(Rc::from(probe)),
            Err(error) => debug!("the lag is not measured: {}", with_causes(&error)),
        }
    }

    /// Notes that the source follows a stream.
    pub fn follow(&self, name: &str, id: StreamId) {
        let mut streams = self.state.streams.borrow_mut();
        let mut streams = streams.iter_mut();
        if let Some(stream) = streams.find(|stream| stream.name == name) {
            stream.id = Some(id);
        }
    }

    /// Takes the lengths of the streams from a source that has read all of them, if they are due: then the server
    /// need not be asked.
    pub fn take_lengths(&self, source: &dyn ScanSource) {
        if !self.state.is_due.get() || !source.is_current() {
            return;
        }
        let mut streams = self.state.streams.borrow_mut();
        let position = |stream: &WatchedStream| source.position(stream.id?);
        let lengths: Option<Vec<u64>> = streams.iter().map(position).collect();
        // A stream that is not followed yet has to be asked for.
        if let Some(lengths) = lengths {
            WatchState::set_lengths(&mut streams, lengths.into_iter().map(Some));
            self.state.is_due.set(false);
        }
    }
}

impl Drop for MarginWatch {
    fn drop(&mut self) {
        if let Some(greenlet) = &self.greenlet {
            greenlet.kill();
        }
    }
}

impl WatchState {
    async fn run(self: Rc<WatchState>) {
        let report = self.subject.figures.lag_report();
        let mut level = MarginLevel::default();
        let mut forecast = None;
        let unread: Unread = {
            // The recorder belongs to the state, and must not keep it.
            let state = Rc::downgrade(&self);
            Rc::new(move || {
                state
                    .upgrade()
                    .map_or_else(Vec::new, |state| state.unread())
            })
        };
        loop {
            let period = match self.kept_entries.get() {
                Some(_) => SHORT_PERIOD,
                None => PERIOD,
            };
            hub::sleep(period).await;
            if self.is_due.get() {
                self.ask().await;
            }
            if !self.streams.borrow().is_empty() {
                match self.subject.store.forecast().await {
                    Ok(answer) => forecast = Some(answer),
                    Err(error) => debug!("the margin is not known: {}", with_causes(&error)),
                }
            }
            let mut is_short = false;
            if let Some(forecast) = forecast {
                let lag = self.measure(forecast);
                report.set(lag);
                self.warn(forecast, lag, &mut level);
                let age = Duration::from_secs_f64(lag.seconds);
                is_short = is_threatened(forecast, age);
            }
            let mut spooling = self.spooling.borrow_mut();
            let scan = &self.subject.id;
            spooling.update(scan, is_short, self.has_backlog(), &unread);
            drop(spooling);
            self.is_due.set(true);
        }
    }

    /// Asks the server for the lengths of the streams.
    async fn ask(&self) {
        let probe = self.probe.borrow().clone();
        let Some(probe) = probe else {
            return;
        };
        match probe.ask().await {
            Ok(heads) => {
                let mut streams = self.streams.borrow_mut();
                for (stream, head) in streams.iter_mut().zip(&heads) {
                    if let Some(head) = head {
                        stream.backlog.note_entry(head.last_entry);
                    }
                }
                let lengths = heads.into_iter().map(|head| head.map(|head| head.end));
                Self::set_lengths(&mut streams, lengths);
            }
            Err(error) => debug!("the lag is not known: {}", with_causes(&error)),
        }
    }

    fn set_lengths(streams: &mut [WatchedStream], lengths: impl IntoIterator<Item = Option<u64>>) {
        let now = Instant::now();
        for (stream, length) in streams.iter_mut().zip(lengths) {
            // A stream that is gone has been as long as it was.
            if let Some(length) = length {
                stream.published = stream.published.max(length);
                stream.backlog.note_published(length);
            }
            let stored = stream.figures.stored();
            stream.samples.add(now, stream.published, stored);
        }
    }

    /// Returns `true` if the server will soon drop entries of which something is unread, because it keeps only the last
    /// ones.
    fn has_backlog(&self) -> bool {
        let Some(kept) = self.kept_entries.get() else {
            return false;
        };
        let now = Instant::now();
        let mut streams = self.streams.borrow_mut();
        streams.iter_mut().any(|stream| {
            let stored = stream.figures.stored();
            let age = stream.samples.age(now, stored);
            stream.backlog.is_long(kept, stream.published, stored, age)
        })
    }

    /// Measures the lags of all streams. Returns that of the scan.
    fn measure(&self, forecast: MemoryForecast) -> ScanLag {
        let now = Instant::now();
        let (mut points, mut worst) = (0, Duration::ZERO);
        for stream in &mut *self.streams.borrow_mut() {
            let stored = stream.figures.stored();
            let age = stream.samples.age(now, stored);
            points += stream.published.saturating_sub(stored);
            worst = worst.max(age);
            let margin = forecast.margin(age);
            stream.figures.set_measured(stream.published, age, margin);
        }
        let margin = forecast.margin(worst);
        ScanLag {
            points,
            seconds: worst.as_secs_f64(),
            margin: margin.map_or(f64::INFINITY, |margin| margin.as_secs_f64()),
        }
    }

    /// Lists what is in no file yet.
    fn unread(&self) -> Vec<UnreadStream> {
        let streams = self.streams.borrow();
        let wanted = self.wanted.borrow();
        let unread = wanted.iter().filter_map(|name| {
            let numbers = streams.iter().find(|stream| stream.name == *name);
            Some(UnreadStream {
                name: name.clone(),
                from: match numbers {
                    Some(stream) => stream.figures.needed()?,
                    None => 0,
                },
                is_points: numbers.is_some(),
            })
        });
        unread.collect()
    }

    /// Warns when the margin crosses a threshold. That publishers are refused concerns all scans, and is reported
    /// by the store.
    fn warn(&self, forecast: MemoryForecast, lag: ScanLag, level: &mut MarginLevel) {
        let drops = matches!(forecast.effect, ShortageEffect::DropsPoints { .. });
        let margin = Duration::try_from_secs_f64(lag.margin).ok();
        let Some(news) = level.update(margin.filter(|_| drops)) else {
            return;
        };
        let (scan, name) = (&self.subject.id, &self.subject.name);
        if news == MarginLevel::Safe {
            info!(%scan, "Redis keeps the points of scan {name} for long enough again");
            return;
        }
        let when = match margin.unwrap_or_default().as_secs() {
            0 => "at any moment".to_owned(),
            seconds => format!("in about {seconds} s"),
        };
        let text = format!("Redis will drop points of scan {name} {when} unless the disk keeps up");
        if self.subject.warnings.add(&text) {
            self.subject.figures.warned();
        }
        match news {
            MarginLevel::Alarm => error!(%scan, "{text}"),
            _ => warn!(%scan, "{text}"),
        }
    }
}
