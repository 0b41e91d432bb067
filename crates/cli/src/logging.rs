//! Logs: one line per event on standard error, and in a file that is rotated.

use std::path::Path;
use std::sync::Mutex;

use file_rotate::compression::Compression;
use file_rotate::suffix::AppendCount;
use file_rotate::{ContentLimit, FileRotate};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::args::{LogFormat, Logging};
use crate::exit::Failure;
use crate::terminal;

type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts the logs, with the `usual` level if none is given. Must be called once.
pub fn start(options: &Logging, usual: &str) -> Result<(), Failure> {
    let level = level(options.log.as_deref().unwrap_or(usual))?;
    // The journal of the system adds its own times.
    let times = std::env::var_os("JOURNAL_STREAM").is_none();
    let mut layers = vec![layer(terminal::stderr, options.log_format, level, times)];
    if let Some(path) = &options.logfile {
        let file = Mutex::new(rotating(path, options)?);
        layers.push(layer(file, options.log_format, level, true));
    }
    tracing_subscriber::registry()
        .with(layers)
        .try_init()
        .map_err(Failure::usage)
}

/// The names that Python's logging and ours know, in any case.
fn level(name: &str) -> Result<LevelFilter, Failure> {
    match name.to_ascii_lowercase().as_str() {
        "off" | "critical" => Ok(LevelFilter::ERROR),
        "error" => Ok(LevelFilter::ERROR),
        "warn" | "warning" => Ok(LevelFilter::WARN),
        "info" => Ok(LevelFilter::INFO),
        "debug" => Ok(LevelFilter::DEBUG),
        "trace" | "notset" => Ok(LevelFilter::TRACE),
        _ => Err(Failure::usage(format!(
            "--log: {name:?} is none of error, warning, info, debug, trace"
        ))),
    }
}

fn layer<W>(writer: W, format: LogFormat, level: LevelFilter, times: bool) -> BoxedLayer
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let layer = fmt::layer().with_writer(writer).with_ansi(false);
    match (format, times) {
        (LogFormat::Json, _) => layer.json().flatten_event(true).with_filter(level).boxed(),
        (LogFormat::Text, true) => layer.with_target(false).with_filter(level).boxed(),
        (LogFormat::Text, false) => layer
            .with_target(false)
            .without_time()
            .with_filter(level)
            .boxed(),
    }
}

fn rotating(path: &Path, options: &Logging) -> Result<FileRotate<AppendCount>, Failure> {
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
            Failure::usage(format!(
                "cannot write --logfile {}: {error}",
                path.display()
            ))
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
