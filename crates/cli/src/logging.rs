//! Logs: one line per event, on the console and in files that are rotated.
//!
//! `nexus-writer` writes them to standard error, so that standard output is for what a command
//! tells. Programs that took their place from one in Python put [classic] lines below warnings on
//! standard output.

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
use redirect::Redirected;

type Choice = FilterFn<Box<dyn Fn(&Metadata) -> bool + Send + Sync>>;
type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Which messages go to one place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    BelowWarning,
    FromWarning,
}

/// Logs that were started. What is written to the console goes into them as long as this lives, if
/// that was asked for.
pub struct Logs {
    /// How much is logged.
    #[cfg_attr(
        not(feature = "tango"),
        allow(dead_code, reason = "clients of Tango ask")
    )]
    pub level: LogLevel,
    _redirected: Redirected,
}

/// Starts the logs of `nexus-writer`, with the `usual` level if none is given. Must be called once.
pub fn start(options: &Logging, format: LogFormat, usual: &str) -> Result<Logs, Failure> {
    let level = level(options, usual)?;
    // The journal of the system adds its own times.
    let times = std::env::var_os("JOURNAL_STREAM").is_none();
    let own = |part| level.filter(move |least| only_events(part, least));
    let mut layers = vec![layer(terminal::stderr, format, times, own(Part::All))];
    for (file, part) in files(options)? {
        layers.push(layer(file, format, true, own(part)));
    }
    init(layers)?;
    Ok(Logs {
        level,
        _redirected: Redirected::default(),
    })
}

/// Starts the logs of a program that took its place from one in Python. Must be called once.
pub fn start_classic(options: &Logging, console: &Console) -> Result<Logs, Failure> {
    let level = level(options, "warning")?;
    let redirected = Redirected::begin(console.redirectstdout, console.redirectstderr)?;
    let mut layers = vec![
        Contexts
            .with_filter(choose(LevelFilter::INFO, context::is_subscriber))
            .boxed(),
    ];
    let mut add = |writer: Target, part| {
        let lines = fmt::layer()
            .with_writer(Mutex::new(writer))
            .with_ansi(false)
            .event_format(ClassicLine);
        let filter = level.filter(move |least| events_and_spans(part, least));
        layers.push(lines.with_filter(filter).boxed());
    };
    if !console.nologstdout {
        let output = redirected.original_stdout()?;
        add(
            output.map_or(Box::new(io::stdout()), boxed),
            Part::BelowWarning,
        );
    }
    let errors = redirected.original_stderr()?;
    add(
        errors.map_or(Box::new(io::stderr()), boxed),
        Part::FromWarning,
    );
    for (file, part) in files(options)? {
        add(
            Box::new(file.into_inner().map_err(|error| error.to_string())?),
            part,
        );
    }
    init(layers)?;
    Ok(Logs {
        level,
        _redirected: redirected,
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

fn level(options: &Logging, usual: &str) -> Result<LogLevel, Failure> {
    let name = options.log.as_deref().unwrap_or(usual);
    Ok(LogLevel::new(Severity::parse("--log", name)?))
}

impl Part {
    fn has(self, level: tracing::Level) -> bool {
        match self {
            Part::All => true,
            Part::BelowWarning => level > tracing::Level::WARN,
            Part::FromWarning => level <= tracing::Level::WARN,
        }
    }
}

/// Contexts are left out: events name their scan themselves.
fn only_events(part: Part, level: LevelFilter) -> Choice {
    choose(level, move |about| {
        about.is_event() && *about.level() <= level && part.has(*about.level())
    })
}

fn events_and_spans(part: Part, level: LevelFilter) -> Choice {
    choose(level.max(LevelFilter::INFO), move |about| {
        about.is_span() || *about.level() <= level && part.has(*about.level())
    })
}

/// What a place takes; nothing of it is less severe than `least`.
fn choose(least: LevelFilter, takes: impl Fn(&Metadata) -> bool + Send + Sync + 'static) -> Choice {
    let takes: Box<dyn Fn(&Metadata) -> bool + Send + Sync> = Box::new(takes);
    FilterFn::new(takes).with_max_level_hint(least)
}

fn layer<W>(
    writer: W,
    format: LogFormat,
    times: bool,
    filter: reload::Layer<Choice, Registry>,
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

/// The files that were asked for.
fn files(options: &Logging) -> Result<Vec<(RotatingFile, Part)>, Failure> {
    let asked = [
        ("--logfile", &options.logfile, Part::All),
        ("--logfileout", &options.logfileout, Part::BelowWarning),
        ("--logfileerr", &options.logfileerr, Part::FromWarning),
    ];
    let asked = asked
        .into_iter()
        .filter_map(|(option, path, part)| path.as_ref().map(|path| (option, path, part)));
    asked
        .map(|(option, path, part)| Ok((Mutex::new(rotating(option, path, options)?), part)))
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
    // The crate below opens the file lazily and panics when it cannot.
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
