//! Keeps the last lines of the log for those who look at the program by HTTP.

use std::fmt::Debug;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use web::{LineLevel, LogLines};

/// The log of the process: there is one, as there is one of its subscribers.
static RECENT: LogLines = LogLines::new();

/// Returns the last lines of the log.
pub fn recent_lines() -> &'static LogLines {
    &RECENT
}

/// Keeps the lines that are at least information.
pub struct RecentLines;

/// Returns `true` for what is kept.
pub fn is_kept(about: &Metadata) -> bool {
    about.is_event() && *about.level() <= Level::INFO
}

impl<S: Subscriber> Layer<S> for RecentLines {
    fn on_event(&self, event: &Event, _: Context<S>) {
        let level = match *event.metadata().level() {
            Level::ERROR => LineLevel::Error,
            Level::WARN => LineLevel::Warning,
            _ => LineLevel::Info,
        };
        let mut line = Line::default();
        event.record(&mut line);
        RECENT.add(level, line.scan, line.message + &line.fields);
    }
}

/// An event as text: the message, and the fields behind it.
#[derive(Default)]
struct Line {
    message: String,
    scan: Option<String>,
    fields: String,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            "scan" => self.scan = Some(format!("{value:?}")),
            name => self.fields += &format!(" {name}={value:?}"),
        }
    }
}
