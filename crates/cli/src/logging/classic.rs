//! Formats log lines as the Python writer does: level, time, logger, contexts, message.

use std::fmt::{self, Write as _};

use chrono::{DateTime, Local};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::context::SubscriberContext;

/// `INFO  2026-11-23 00:40:00,283 writer.session: [demo (ON)] message`
pub struct ClassicLine;

impl<S, N> FormatEvent<S, N> for ClassicLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let about = event.metadata();
        let mut contexts = Vec::new();
        for span in context
            .event_scope()
            .into_iter()
            .flat_map(|all| all.from_root())
        {
            contexts.extend(
                span.extensions()
                    .get::<SubscriberContext>()
                    .map(SubscriberContext::to_string),
            );
        }
        let mut fields = EventFields::default();
        event.record(&mut fields);
        let start = head(*about.level(), Local::now(), about.target());
        writeln!(writer, "{}", fields.line(&start, &contexts))
    }
}

fn head(level: Level, time: DateTime<Local>, target: &str) -> String {
    let level = match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARN",
        Level::INFO => "INFO",
        Level::DEBUG => "DEBUG",
        Level::TRACE => "TRACE",
    };
    let logger = target.replace("::", ".");
    format!(
        "{level:<5} {} {logger}:",
        time.format("%Y-%m-%d %H:%M:%S,%3f")
    )
}

/// The fields of an event.
#[derive(Default)]
struct EventFields {
    message: String,
    others: String,
    scan: Option<String>,
}

impl EventFields {
    fn line(&self, head: &str, contexts: &[String]) -> String {
        let mut line = head.to_owned();
        let bracketed = contexts.iter().map(|context| format!("[{context}]"));
        for part in bracketed.chain([self.message.clone()]) {
            line.push(' ');
            line += &part;
        }
        line += &self.others;
        match &self.scan {
            // The context of a scan without a name already has its key.
            Some(scan) if !contexts.iter().any(|context| context.contains(scan)) => {
                format!("{line} scan={scan}")
            }
            _ => line,
        }
    }

    fn add(&mut self, field: &Field, value: fmt::Arguments) {
        let done = match field.name() {
            "message" => write!(self.message, "{value}"),
            "scan" => {
                self.scan = Some(value.to_string());
                Ok(())
            }
            // The contexts have the name of the subscan.
            "subscan" => Ok(()),
            name => write!(self.others, " {name}={value}"),
        };
        if done.is_err() {
            // The value cannot be formatted; the line is written without it.
        }
    }
}

impl Visit for EventFields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, format_args!("{value}"));
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;

    #[test]
    fn lines_are_those_of_the_python_writer() {
        let time = Local.with_ymd_and_hms(2026, 11, 23, 0, 40, 0).unwrap();
        let time = time + chrono::TimeDelta::milliseconds(283);
        let head = head(Level::INFO, time, "writer::session");
        let fields = EventFields {
            message: "Starting".to_owned(),
            others: " streams=3".to_owned(),
            scan: Some("esrf:scan:A".to_owned()),
        };
        let contexts = ["demo (INIT)".to_owned(), "3_amesh (ON)".to_owned()];
        assert_eq!(
            fields.line(&head, &contexts),
            "INFO  2026-11-23 00:40:00,283 writer.session: [demo (INIT)] [3_amesh (ON)] Starting streams=3 \
             scan=esrf:scan:A"
        );
        let contexts = ["esrf:scan:A (ON)".to_owned()];
        assert!(
            fields
                .line(&head, &contexts)
                .ends_with("Starting streams=3")
        );
    }
}
