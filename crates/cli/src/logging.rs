//! Logs: one line per event, on the console and in files that are rotated.
//!
//! `nexus-writer` writes them to standard error, so that standard output has only the results of a command.
//! Programs that replace one in Python write [classic] lines, those below warnings to standard output.
//!
//! Each log has a [queue](LineQueue) and a thread, so that no output ever stops the work.

mod classic;
mod context;
mod level;
mod recent;
mod redirect;
mod rotating_file;

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, reload};

use crate::args::{Console, LogFormat, Logging};
use crate::exit::Failure;
use crate::line_queue::{self, LineQueue};
use crate::terminal;
use classic::ClassicLine;
use context::Contexts;
#[cfg_attr(
    not(feature = "tango"),
    allow(unused_imports, reason = "clients of Tango ask")
)]
pub use level::{LogLevel, Severity};
pub use recent::recent_lines;
use recent::{RecentLines, is_kept};
use redirect::ConsoleRedirect;
use rotating_file::RotatingFile;

type MessageFilter = FilterFn<Box<dyn Fn(&Metadata) -> bool + Send + Sync>>;
type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// The severities of messages that go to one log.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SeverityRange {
    All,
    BelowWarning,
    FromWarning,
}

/// How long the end of the program waits until its last lines are written.
const FLUSH_TIME: Duration = Duration::from_secs(2);

/// Logs that were started. Console output is redirected into them until [`Logs::end_redirect`], if that was
/// asked for.
pub struct Logs {
    /// The level of all logs.
    #[cfg_attr(
        not(feature = "tango"),
        allow(dead_code, reason = "clients of Tango ask")
    )]
    pub level: LogLevel,
    redirect: ConsoleRedirect,
}

impl Logs {
    /// Ends the redirection of the console, after everything that was written there is logged.
    pub fn end_redirect(self) {
        drop(self.redirect);
    }
}

/// Waits until the last lines are written, but not for long: nobody may read them.
pub fn flush() {
    line_queue::flush_all(FLUSH_TIME);
}

/// Starts the logs of `nexus-writer`, with `default_level` if the options have none. Must be called once.
pub fn start(options: &Logging, format: LogFormat, default_level: &str) -> Result<Logs, Failure> {
    let level = level(options, default_level)?;
    // The system journal adds its own times.
    let times = std::env::var_os("JOURNAL_STREAM").is_none();
    let own = |range| level.filter(move |least| only_events(range, least));
    let mut layers = vec![layer(
        terminal::stderr()?,
        format,
        times,
        own(SeverityRange::All),
    )];
    for (file, range) in files(options)? {
        layers.push(layer(file, format, true, own(range)));
    }
    init(layers)?;
    Ok(Logs {
        level,
        redirect: ConsoleRedirect::default(),
    })
}

/// Starts the logs of a program that replaces one in Python. Must be called once.
pub fn start_classic(options: &Logging, console: &Console) -> Result<Logs, Failure> {
    let level = level(options, "warning")?;
    let redirect = ConsoleRedirect::begin(console.redirectstdout, console.redirectstderr)?;
    let mut layers = vec![
        Contexts
            .with_filter(message_filter(LevelFilter::INFO, context::is_subscriber))
            .boxed(),
    ];
    let mut add = |writer: LineQueue, range| {
        let lines = fmt::layer()
            .with_writer(writer)
            .with_ansi(false)
            .log_internal_errors(false)
            .event_format(ClassicLine);
        let filter = level.filter(move |least| events_and_spans(range, least));
        layers.push(lines.with_filter(filter).boxed());
    };
    let (output, errors) = console_queues(&redirect)?;
    if !console.nologstdout {
        add(output, SeverityRange::BelowWarning);
    }
    add(errors, SeverityRange::FromWarning);
    for (file, range) in files(options)? {
        add(file, range);
    }
    init(layers)?;
    Ok(Logs { level, redirect })
}

/// Returns the queues of the console: of standard output, and of standard error. They are one queue if both lead to
/// the same place, such as a terminal or the journal, so that their lines stay in order.
fn console_queues(redirect: &ConsoleRedirect) -> io::Result<(LineQueue, LineQueue)> {
    let output = redirect.original_stdout()?;
    let errors = redirect.original_stderr()?;
    let place = |file: &File| file.metadata().map(|about| (about.dev(), about.ino()));
    let is_same = place(&output)? == place(&errors)?;
    let errors = match redirect.redirects_stderr() {
        true => LineQueue::start("standard error", errors)?,
        false => terminal::stderr()?,
    };
    Ok(match is_same {
        true => (errors.clone(), errors),
        false => (LineQueue::start("standard output", output)?, errors),
    })
}

fn init(mut layers: Vec<BoxedLayer>) -> Result<(), Failure> {
    let kept = message_filter(LevelFilter::INFO, is_kept);
    layers.push(RecentLines.with_filter(kept).boxed());
    tracing_subscriber::registry()
        .with(layers)
        .try_init()
        .map_err(Failure::usage)
}

fn level(options: &Logging, default_level: &str) -> Result<LogLevel, Failure> {
    let name = options.log.as_deref().unwrap_or(default_level);
    Ok(LogLevel::new(Severity::parse("--log", name)?))
}

impl SeverityRange {
    fn contains(self, level: tracing::Level) -> bool {
        match self {
            SeverityRange::All => true,
            SeverityRange::BelowWarning => level > tracing::Level::WARN,
            SeverityRange::FromWarning => level <= tracing::Level::WARN,
        }
    }
}

/// Returns a filter of events without their spans: events name their scan themselves.
fn only_events(range: SeverityRange, level: LevelFilter) -> MessageFilter {
    message_filter(level, move |about| {
        about.is_event() && *about.level() <= level && range.contains(*about.level())
    })
}

fn events_and_spans(range: SeverityRange, level: LevelFilter) -> MessageFilter {
    message_filter(level.max(LevelFilter::INFO), move |about| {
        about.is_span() || *about.level() <= level && range.contains(*about.level())
    })
}

/// Creates the filter of one log. `least` is the least severe level that `takes` accepts.
fn message_filter(
    least: LevelFilter,
    takes: impl Fn(&Metadata) -> bool + Send + Sync + 'static,
) -> MessageFilter {
    let takes: Box<dyn Fn(&Metadata) -> bool + Send + Sync> = Box::new(takes);
    FilterFn::new(takes).with_max_level_hint(least)
}

fn layer(
    writer: LineQueue,
    format: LogFormat,
    times: bool,
    filter: reload::Layer<MessageFilter, Registry>,
) -> BoxedLayer {
    // What the layer has to say about itself would go to standard error directly.
    let layer = fmt::layer()
        .with_writer(writer)
        .with_ansi(false)
        .log_internal_errors(false);
    match (format, times) {
        (LogFormat::Json, _) => layer.json().flatten_event(true).with_filter(filter).boxed(),
        (LogFormat::Text, true) => layer.with_target(false).with_filter(filter).boxed(),
        (LogFormat::Text, false) => layer
            .with_target(false)
            .without_time()
            .with_filter(filter)
            .boxed(),
    }
}

/// Opens the log files of the options.
fn files(options: &Logging) -> Result<Vec<(LineQueue, SeverityRange)>, Failure> {
    let asked = [
        ("--logfile", &options.logfile, SeverityRange::All),
        (
            "--logfileout",
            &options.logfileout,
            SeverityRange::BelowWarning,
        ),
        (
            "--logfileerr",
            &options.logfileerr,
            SeverityRange::FromWarning,
        ),
    ];
    let asked = asked
        .into_iter()
        .filter_map(|(option, path, range)| path.as_ref().map(|path| (option, path, range)));
    asked
        .map(|(option, path, range)| Ok((rotating(option, path, options)?, range)))
        .collect()
}

fn rotating(option: &str, path: &Path, options: &Logging) -> Result<LineQueue, Failure> {
    let limit = match (options.filesize * 1e6) as u64 {
        0 => None,
        bytes => Some(bytes),
    };
    let file = RotatingFile::open(path, limit, options.filebackups).map_err(|error| {
        Failure::usage(format!("cannot write {option} {}: {error}", path.display()))
    })?;
    Ok(LineQueue::start(
        &format!("the log file {}", path.display()),
        file,
    )?)
}
