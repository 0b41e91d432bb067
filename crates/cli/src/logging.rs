//! Logs: one line per event, on the console and in files that are rotated.
//!
//! `nexus-writer` writes them to standard error, so that standard output has only the results of a command.
//! Programs that replace one in Python write [classic] lines, those below warnings to standard output.

mod classic;
mod context;
mod level;
mod redirect;

use std::io;
use std::path::Path;
use std::sync::Mutex;

use file_rotate::compression::Compression;
use file_rotate::suffix::AppendCount;
use file_rotate::{ContentLimit, FileRotate};
use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, reload};

use crate::args::{Console, LogFormat, Logging};
use crate::exit::Failure;
use crate::terminal;
use classic::ClassicLine;
use context::Contexts;
#[cfg_attr(
    not(feature = "tango"),
    allow(unused_imports, reason = "clients of Tango ask")
)]
pub use level::{LogLevel, Severity};
use redirect::ConsoleRedirect;

type MessageFilter = FilterFn<Box<dyn Fn(&Metadata) -> bool + Send + Sync>>;
type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// The severities of messages that go to one log.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SeverityRange {
    All,
    BelowWarning,
    FromWarning,
}

/// Logs that were started. Console output is redirected into them until this is dropped, if that was asked
/// for.
pub struct Logs {
    /// The level of all logs.
    #[cfg_attr(
        not(feature = "tango"),
        allow(dead_code, reason = "clients of Tango ask")
    )]
    pub level: LogLevel,
    _redirect: ConsoleRedirect,
}

/// Starts the logs of `nexus-writer`, with `default_level` if the options have none. Must be called once.
pub fn start(options: &Logging, format: LogFormat, default_level: &str) -> Result<Logs, Failure> {
    let level = level(options, default_level)?;
    // The system journal adds its own times.
    let times = std::env::var_os("JOURNAL_STREAM").is_none();
    let own = |range| level.filter(move |least| only_events(range, least));
    let mut layers = vec![layer(
        terminal::stderr,
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
        _redirect: ConsoleRedirect::default(),
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
    let mut add = |writer: Target, range| {
        let lines = fmt::layer()
            .with_writer(Mutex::new(writer))
            .with_ansi(false)
            .event_format(ClassicLine);
        let filter = level.filter(move |least| events_and_spans(range, least));
        layers.push(lines.with_filter(filter).boxed());
    };
    if !console.nologstdout {
        let output = redirect.original_stdout()?;
        add(
            output.map_or(Box::new(io::stdout()), boxed),
            SeverityRange::BelowWarning,
        );
    }
    let errors = redirect.original_stderr()?;
    add(
        errors.map_or(Box::new(io::stderr()), boxed),
        SeverityRange::FromWarning,
    );
    for (file, range) in files(options)? {
        add(
            Box::new(file.into_inner().map_err(|error| error.to_string())?),
            range,
        );
    }
    init(layers)?;
    Ok(Logs {
        level,
        _redirect: redirect,
    })
}

type Target = Box<dyn io::Write + Send>;

fn boxed(file: std::fs::File) -> Target {
    Box::new(file)
}

fn init(layers: Vec<BoxedLayer>) -> Result<(), Failure> {
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

fn layer<W>(
    writer: W,
    format: LogFormat,
    times: bool,
    filter: reload::Layer<MessageFilter, Registry>,
) -> BoxedLayer
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let layer = fmt::layer().with_writer(writer).with_ansi(false);
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

type RotatingFile = Mutex<FileRotate<AppendCount>>;

/// Opens the log files of the options.
fn files(options: &Logging) -> Result<Vec<(RotatingFile, SeverityRange)>, Failure> {
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
        .map(|(option, path, range)| Ok((Mutex::new(rotating(option, path, options)?), range)))
        .collect()
}

fn rotating(
    option: &str,
    path: &Path,
    options: &Logging,
) -> Result<FileRotate<AppendCount>, Failure> {
    let limit = match (options.filesize * 1e6) as usize {
        0 => ContentLimit::None,
        bytes => ContentLimit::BytesSurpassed(bytes),
    };
    // `FileRotate` opens the file lazily and panics if it cannot.
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .map_err(|error| {
            Failure::usage(format!("cannot write {option} {}: {error}", path.display()))
        })?;
    let suffix = AppendCount::new(options.filebackups);
    Ok(FileRotate::new(
        path,
        suffix,
        limit,
        Compression::None,
        None,
    ))
}
