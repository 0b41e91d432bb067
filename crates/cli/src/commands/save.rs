//! `save`: saves scans that Redis still holds.

use std::collections::VecDeque;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use writer::options::SaveOptions;
use writer::report::{ScanOutcome, ScanReport};
use writer::source::{ScanId, ScanStore};
use writer::{NexusScanWriter, WriterThread};

use super::{Outcome, connect};
use crate::args::{MEGABYTE, RedisOrigin, Saving};
use crate::exit::{self, Failure};
use crate::results::Printer;
use crate::signals::Interrupts;

/// Largest number of scans that are saved at the same time: while one is written, the next one is read, and
/// the files of a third one are claimed and opened. More would need more memory without being faster.
const MAX_RUNNING: usize = 3;

/// Largest number of scans that have begun and have no report. Those that are written only wait for the disk, and do so
/// together.
const MAX_UNREPORTED: usize = 16;

/// How long to wait until a scan has its files, so that a shared file has the scans in the order of their
/// keys.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(2);

/// Saves the scans and prints a report of each.
pub async fn save(
    url: String,
    keys: Vec<String>,
    json: bool,
    saving: Saving,
    interrupts: Interrupts,
) -> Outcome {
    for key in &keys {
        saving.model().check_key(key).map_err(Failure::usage)?;
    }
    let spool = saving.spool_options(MEGABYTE);
    let connected = async {
        let url = connect::discover(Some(RedisOrigin::Url(url))).await?;
        connect::reachable_scans(&url, saving.model(), &spool).await
    };
    let Some((model, store)) = connect::unless_stopped(&interrupts, connected).await? else {
        return Err("stopped before the data store was ready".into());
    };
    let scans = keys.iter().map(|key| model.scan_id(key));
    let scans = scans.collect::<Result<Vec<_>, _>>();
    let scans = scans.map_err(Failure::usage)?;
    let writer_thread = saving.writing().start(Arc::default()).await?;
    writer_thread.keep_files().await?;
    let options = saving.options(MEGABYTE);
    let printer = Printer::start()?;
    let print = |report: &ScanReport| {
        printer.print(match json {
            true => format!("{}\n", to_json(report)),
            false => to_text(report),
        });
    };
    let saved = save_all(&writer_thread, &store, scans, &options, &interrupts, print).await;
    let stopped = writer_thread.stop().await;
    printer.finish(&interrupts).await;
    let code = saved?;
    stopped?;
    Ok(code)
}

/// Saves the scans until a signal comes. Returns the exit code.
async fn save_all(
    writer_thread: &WriterThread,
    store: &Arc<dyn ScanStore>,
    scans: Vec<ScanId>,
    options: &SaveOptions,
    interrupts: &Interrupts,
    print: impl Fn(&ScanReport),
) -> Outcome {
    let mut worst = ScanOutcome::Skipped;
    let mut waiting = VecDeque::from(scans);
    let mut running = VecDeque::new();
    loop {
        while has_place(&running) && !interrupts.stop_requested.is_set() {
            let Some(id) = waiting.pop_front() else {
                break;
            };
            let scan = begin(writer_thread, store, id, options)?;
            tokio::select! {
                // A scan that is not even prepared must not block the others.
                _ = hub::timeout(BEGIN_TIMEOUT, scan.begun()) => {}
                () = interrupts.stop_requested.wait() => {}
            }
            running.push_back(scan);
        }
        let Some(first) = running.front() else {
            break;
        };
        let report = tokio::select! {
            report = wait_for_report(first, &running, interrupts) => report,
            () = next_place(&running), if !waiting.is_empty() => continue,
        };
        running.pop_front();
        if report.outcome <= ScanOutcome::Complete {
            store.discard_spool(&report.scan).await;
        }
        worst = worst.max(report.outcome);
        print(&report);
    }
    Ok(match worst {
        ScanOutcome::Skipped | ScanOutcome::Complete if waiting.is_empty() => exit::SUCCESS,
        _ => ExitCode::from(exit::FAILED),
    })
}

fn begin(
    writer_thread: &WriterThread,
    store: &Arc<dyn ScanStore>,
    id: ScanId,
    options: &SaveOptions,
) -> Result<NexusScanWriter, Failure> {
    Ok(NexusScanWriter::resume(
        writer_thread,
        store,
        id,
        None,
        options.clone(),
    )?)
}

/// Returns `true` if another scan can be begun.
fn has_place(running: &VecDeque<NexusScanWriter>) -> bool {
    let unwritten = running.iter().filter(|scan| !scan.is_written());
    unwritten.count() < MAX_RUNNING && running.len() < MAX_UNREPORTED
}

/// Waits until another scan can be begun because one of those that have begun is written. Never returns if there are
/// too many without a report.
async fn next_place(running: &VecDeque<NexusScanWriter>) {
    let unwritten = running.iter().find(|scan| !scan.is_written());
    match unwritten {
        Some(scan) if running.len() < MAX_UNREPORTED => scan.written().await,
        _ => std::future::pending().await,
    }
}

/// Waits for the report of the first scan. A signal stops or kills all scans.
async fn wait_for_report(
    first: &NexusScanWriter,
    all: &VecDeque<NexusScanWriter>,
    interrupts: &Interrupts,
) -> ScanReport {
    let all = || all.iter();
    tokio::select! {
        report = first.report() => return report,
        () = interrupts.stop_requested.wait() => all().for_each(|scan| scan.subscriber().stop()),
    }
    tokio::select! {
        report = first.report() => return report,
        () = interrupts.abort_requested.wait() => {
            all().for_each(|scan| scan.subscriber().kill("told to leave"));
        }
    }
    first.report().await
}

fn to_text(report: &ScanReport) -> String {
    let mut text = format!(
        "{} {}: {}\n",
        report.scan,
        report.outcome.name(),
        report.reason
    );
    for file in &report.files {
        text += &format!("  {}\n", file.display());
    }
    for warning in &report.warnings {
        text += &format!("  warning: {warning}\n");
    }
    text
}

fn to_json(report: &ScanReport) -> serde_json::Value {
    json!({
        "key": report.scan.to_string(),
        "state": report.outcome.name(),
        "reason": report.reason,
        "files": report.files.iter().map(|file| file.to_string_lossy()).collect::<Vec<_>>(),
        "points": report.points,
        "bytes": report.bytes,
        "seconds": report.duration.as_secs_f64(),
        "warnings": report.warnings,
    })
}
