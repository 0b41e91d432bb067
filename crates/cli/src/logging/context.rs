//! Contexts of log lines: the session and the scan that they are about, with their states, and the
//! subscan.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// Remembers the last state of the subscribers whose spans lie around an event.
pub struct Contexts;

/// Returns `true` if this is the span of a subscriber.
pub fn is_subscriber(about: &Metadata) -> bool {
    about.is_span() && about.name() == writer::subscriber::SPAN
}

/// The name and state of a subscriber, as they appear in log lines.
#[derive(Default)]
pub struct SubscriberContext {
    node: String,
    name: Option<String>,
    state: Option<String>,
}

impl fmt::Display for SubscriberContext {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name.as_ref().unwrap_or(&self.node))?;
        match &self.state {
            Some(state) => write!(f, " ({state})"),
            None => Ok(()),
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Contexts {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut subscriber = SubscriberContext::default();
            attributes.record(&mut subscriber);
            span.extensions_mut().insert(subscriber);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(subscriber) = span.extensions_mut().get_mut::<SubscriberContext>()
        {
            values.record(subscriber);
        }
    }
}

impl Visit for SubscriberContext {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "node" => self.node = text,
            "name" => self.name = Some(text),
            "state" => self.state = Some(text),
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}
