//! The log level, which clients may change while logs are written.

use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Registry, reload};

use super::MessageFilter;
use crate::exit::Failure;

/// The level of all logs. Clones share the level.
#[derive(Clone)]
pub struct LogLevel {
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    severity: Severity,
    outputs: Vec<LogOutput>,
}

/// One log, and the filter that it has at each level.
struct LogOutput {
    filter: reload::Handle<MessageFilter, Registry>,
    takes: Box<dyn Fn(LevelFilter) -> MessageFilter + Send + Sync>,
}

/// How severe a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Errors are the most severe messages of this program, so this level shows them too.
    Fatal,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl Severity {
    /// Parses the value of an option.
    pub fn parse(option: &str, name: &str) -> Result<Severity, Failure> {
        let parsed = name.parse::<Severity>();
        parsed.map_err(|unknown| Failure::usage(format!("{option}: {name:?} is {unknown}")))
    }

    fn filter(self) -> LevelFilter {
        match self {
            Severity::Fatal | Severity::Error => LevelFilter::ERROR,
            Severity::Warn => LevelFilter::WARN,
            Severity::Info => LevelFilter::INFO,
            Severity::Debug => LevelFilter::DEBUG,
            Severity::Trace => LevelFilter::TRACE,
        }
    }
}

/// A name that is no level.
#[derive(Debug, thiserror::Error)]
#[error("none of error, warning, info, debug, trace")]
pub struct UnknownLevel;

/// Accepts our names and those of Python's logging, in any case.
impl FromStr for Severity {
    type Err = UnknownLevel;

    fn from_str(name: &str) -> Result<Severity, UnknownLevel> {
        match name.to_ascii_lowercase().as_str() {
            "off" | "critical" | "fatal" => Ok(Severity::Fatal),
            "error" => Ok(Severity::Error),
            "warn" | "warning" => Ok(Severity::Warn),
            "info" => Ok(Severity::Info),
            "debug" => Ok(Severity::Debug),
            "trace" | "notset" => Ok(Severity::Trace),
            _ => Err(UnknownLevel),
        }
    }
}

impl LogLevel {
    /// Creates the level of logs that are about to be started.
    pub fn new(severity: Severity) -> LogLevel {
        LogLevel {
            shared: Arc::new(Mutex::new(Shared {
                severity,
                outputs: Vec::new(),
            })),
        }
    }

    /// Adds a log. Returns its filter, which `takes` creates for each level.
    pub(super) fn filter(
        &self,
        takes: impl Fn(LevelFilter) -> MessageFilter + Send + Sync + 'static,
    ) -> reload::Layer<MessageFilter, Registry> {
        let mut shared = self.shared();
        let (filter, handle) = reload::Layer::new(takes(shared.severity.filter()));
        shared.outputs.push(LogOutput {
            filter: handle,
            takes: Box::new(takes),
        });
        filter
    }

    /// Returns the least severe messages that are logged.
    #[cfg_attr(
        not(feature = "tango"),
        allow(dead_code, reason = "clients of Tango ask")
    )]
    pub fn get(&self) -> Severity {
        self.shared().severity
    }

    /// Sets the least severe messages that are logged from now on.
    #[cfg_attr(
        not(feature = "tango"),
        allow(dead_code, reason = "clients of Tango ask")
    )]
    pub fn set(&self, severity: Severity) {
        let mut shared = self.shared();
        shared.severity = severity;
        for output in &shared.outputs {
            let filter = (output.takes)(severity.filter());
            if output.filter.reload(filter).is_err() {
                // The log has ended, so its filter is not needed any more.
            }
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::FilterFn;
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::{Layer as _, fmt};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_level_changes_while_there_are_logs() {
        let level = LogLevel::new(Severity::parse("--log", "Warning").ok().unwrap());
        let filter = level.filter(|least| {
            let takes: Box<dyn Fn(&tracing::Metadata) -> bool + Send + Sync> =
                Box::new(move |about| *about.level() <= least);
            FilterFn::new(takes).with_max_level_hint(least)
        });
        let lines = Lines::default();
        let logged = lines.clone();
        let layer = fmt::layer()
            .with_writer(move || logged.clone())
            .with_ansi(false)
            .without_time();
        let logs = tracing_subscriber::registry().with(layer.with_filter(filter));
        tracing::subscriber::with_default(logs, || {
            for severity in [
                Severity::Warn,
                Severity::Info,
                Severity::Fatal,
                Severity::Trace,
            ] {
                level.set(severity);
                assert_eq!(level.get(), severity);
                tracing::error!("error at {severity:?}");
                tracing::info!("info at {severity:?}");
                tracing::trace!("trace at {severity:?}");
            }
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let logged: Vec<_> = text
            .lines()
            .filter_map(|line| line.split(": ").nth(1))
            .collect();
        assert_eq!(
            logged,
            [
                "error at Warn",
                "error at Info",
                "info at Info",
                "error at Fatal",
                "error at Trace",
                "info at Trace",
                "trace at Trace"
            ]
        );
    }
}
