//! Whether other writers save the scans of the session.

use std::sync::Arc;

use observation::with_causes;
use redis_client::RedisUrl;
use writer::source::{DataModel, LivingWriter, ModelChoice, ScanServer};

use super::finding::Finding;
use super::installation::Installation;
use super::needs_redis;

const CHECK: &str = "other writers";

/// Asks Redis which writers save scans. Writers in Python do not tell Redis of themselves.
pub async fn check(
    installation: &Installation,
    redis: Option<&RedisUrl>,
    model: Option<DataModel>,
) -> Finding {
    let Some(url) = redis else {
        return needs_redis(CHECK);
    };
    let Some(model) = model else {
        return Finding::skipped(CHECK, "Redis holds no data model that can be used");
    };
    let server = ScanServer::new(url, ModelChoice::Only(model), &Arc::default());
    let scans = server.scans(model);
    let advice = "Allow the user of the URL the commands XINFO and EXISTS.";
    let mut writers = match installation.limit.within(scans.living_writers()).await {
        Some(Ok(writers)) => writers,
        Some(Err(error)) => return Finding::warning(CHECK, with_causes(&error), advice),
        None => return Finding::warning(CHECK, installation.limit.no_answer(url), advice),
    };
    if let Some(session) = &installation.session {
        writers.retain(|writer| writer.saves(session));
    }
    describe(&writers)
}

fn describe(writers: &[LivingWriter]) -> Finding {
    let names: Vec<_> = writers.iter().map(name).collect();
    let names = names.join("; ");
    if has_collision(writers) {
        let advice = "Let only one of them run: they would save the same scans, and wait for each other's files.";
        return Finding::problem(
            CHECK,
            format!("several save the same scans: {names}"),
            advice,
        );
    }
    if shares_scans(writers) {
        let advice = "Stop one of them, unless they are meant to share the scans.";
        return Finding::warning(CHECK, format!("several share the scans: {names}"), advice);
    }
    if writers.iter().any(|writer| !writer.is_on_this_host) {
        let advice = "Do not start another writer here unless both are meant to share the scans, or stop that one.";
        return Finding::warning(CHECK, format!("on another machine: {names}"), advice);
    }
    match names.is_empty() {
        true => Finding::ok(CHECK, "no writer saves these scans at present"),
        false => Finding::ok(CHECK, format!("only this one: {names}")),
    }
}

fn has_collision(writers: &[LivingWriter]) -> bool {
    let collides = |writer: &LivingWriter| writers.iter().any(|other| writer.collides_with(other));
    writers.iter().any(collides)
}

fn shares_scans(writers: &[LivingWriter]) -> bool {
    let is_shared = |(index, writer): (usize, &LivingWriter)| {
        let mut others = writers.iter().skip(index + 1);
        others
            .any(|other| other.session == writer.session && other.data_writer == writer.data_writer)
    };
    writers.iter().enumerate().any(is_shared)
}

/// Returns the process and what it saves.
fn name(writer: &LivingWriter) -> String {
    let session = match &writer.session {
        Some(session) => format!("the session {session}"),
        None => "all sessions".to_owned(),
    };
    let kind = match &writer.data_writer {
        Some(data_writer) => format!("scans of the writer {data_writer}"),
        None => "all scans".to_owned(),
    };
    format!("{} ({session}, {kind})", writer.process)
}
