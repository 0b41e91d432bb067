//! `demo`: publishes and saves simulated scans for a quarter of a minute, and leaves only a file.

mod progress_view;
mod scans;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use blissdata::store::DataStore;
use hub::{Event, Queue};
use observation::Observation;
use simulation::redis::{PrivateRedis, PrivateRedisError, RedisOptions};
use web::Listen;
use writer::session::{Notice, SessionChecks, SessionOptions};
use writer::source::blissdata::scan_store;
use writer::subscriber::with_causes;
use writer::{NexusSessionWriter, WriterThread};

use super::follow::report_start;
use super::monitoring::Monitoring;
use super::{Outcome, tree};
use crate::args::Http;
use crate::exit::{self, Failure};
use crate::inspection;
use crate::results::Printer;
use crate::signals::Interrupts;
use crate::terminal;
use progress_view::ProgressView;
use scans::SESSION;

/// Largest number of notices that wait until they are shown.
const MAX_NOTICES: usize = 1000;
/// Time between two updates of the progress bars.
const REFRESH_PERIOD: Duration = Duration::from_millis(100);
/// Directory of the file, if none is given.
const DEFAULT_DIRECTORY: &str = "nexus-writer-demo";

/// Saves simulated scans and shows the progress. With `web`, others can look by HTTP meanwhile, as it says.
pub async fn demo(
    directory: Option<PathBuf>,
    web: Option<Http>,
    interrupts: Interrupts,
) -> Outcome {
    let redis = PrivateRedis::start(&RedisOptions::new()).await;
    let redis = redis.map_err(with_advice)?;
    let store = DataStore::connect(&redis.url()).await?;
    simulation::initialise(&store).await?;
    let file = make_directory(directory)?.join("demo.h5");

    let observation = Arc::new(Observation::default());
    let checks = Arc::new(SessionChecks::new(&observation, Some(SESSION)));
    let monitoring =
        web.map(|http| Monitoring::start(&http, Listen::Default, &observation, &interrupts));
    let monitoring = monitoring.transpose()?;
    if let Some(address) = monitoring.as_ref().and_then(Monitoring::address) {
        terminal::print_line(&format!("Live page: http://{address}/"));
    }
    let writer_thread = Arc::new(WriterThread::start(observation.clone())?);
    writer_thread.inspect_with(inspection::program()).await?;
    let notices = Queue::new(MAX_NOTICES);
    let options = SessionOptions {
        session: Some(SESSION.to_owned()),
        notices: Some(notices.clone()),
        checks: Some(checks),
        ..SessionOptions::default()
    };
    let session = NexusSessionWriter::start(&writer_thread, &scan_store(&store), options)?;
    let view = ProgressView::new(&file);
    let published = tokio::select! {
        published = publish_and_show(&store, &file, &view, &notices, &interrupts.stop_requested) => published,
        never = report_start(&session, &observation) => match never {},
        _ = session.subscriber().join(None) => Err(session.subscriber().info().into()),
        () = interrupts.abort_requested.wait() => {
            session.subscriber().kill("told to leave");
            Err("aborted before the end".into())
        }
    };
    // The queue has no reader any more, so the session must not wait for room in it.
    notices.close();
    session.subscriber().stop();
    session.subscriber().join(None).await;
    writer_thread.stop().await?;
    drop(redis);
    published?;
    let printer = Printer::start()?;
    printer.print(describe_result(&file)?);
    printer.finish(&interrupts).await;
    Ok(match view.all_complete() {
        true => exit::SUCCESS,
        false => ExitCode::from(exit::FAILED),
    })
}

/// Publishes the scans and shows the progress until all of them are saved.
async fn publish_and_show(
    store: &DataStore,
    file: &Path,
    view: &ProgressView,
    notices: &Queue<Notice>,
    ending: &Event,
) -> Result<(), Failure> {
    // Scans that are published before the session has subscribed would be missed.
    while !matches!(notices.get().await, Some(Notice::Subscribed) | None) {}
    let mut refreshes = tokio::time::interval(REFRESH_PERIOD);
    let mut publishing = pin!(scans::publish_all(store, file, view, ending));
    let mut published = false;
    while !(published && view.all_ended()) {
        tokio::select! {
            done = &mut publishing, if !published => {
                done?;
                published = true;
            }
            notice = notices.get() => match notice {
                Some(notice) => view.handle_notice(notice),
                None => break,
            },
            _ = refreshes.tick() => view.refresh(),
        }
    }
    Ok(())
}

/// Creates the wanted directory, or else a new one below the current directory.
fn make_directory(wanted: Option<PathBuf>) -> Result<PathBuf, Failure> {
    if let Some(directory) = wanted {
        let made = std::fs::create_dir_all(&directory);
        return made
            .and_then(|()| std::path::absolute(&directory))
            .map_err(|error| directory_error(&directory, &error));
    }
    let mut number = 1;
    loop {
        let directory = match number {
            1 => PathBuf::from(DEFAULT_DIRECTORY),
            number => PathBuf::from(format!("{DEFAULT_DIRECTORY}-{number}")),
        };
        match std::fs::create_dir(&directory) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            made => {
                return made
                    .and_then(|()| std::path::absolute(&directory))
                    .map_err(|error| directory_error(&directory, &error));
            }
        }
    }
}

fn directory_error(directory: &Path, error: &std::io::Error) -> Failure {
    let directory = directory.display();
    Failure::usage(format!("cannot make the directory {directory}: {error}"))
}

/// Adds how to install the server, because most machines do not have it.
fn with_advice(error: PrivateRedisError) -> Failure {
    let advice = match &error {
        PrivateRedisError::NoServer { .. } | PrivateRedisError::NoModule { .. } => {
            "\nThe demo needs redis-server with the modules rejson and redisearch: `./dev setup` in \
             the source tree gets them for the project alone, Redis 8 and Redis Stack bring them \
             for the machine."
        }
        _ => "",
    };
    Failure::usage(format!("{}{advice}", with_causes(&error)))
}

/// Returns the tree of the file, and how to open it.
fn describe_result(file: &Path) -> Result<String, Failure> {
    if !file.exists() {
        return Err("ended before anything was saved".into());
    }
    let structure = tree::describe(file, "/")?;
    Ok(format!(
        "{structure}\n\
         The file is {}. Look into it with\n\
         \x20   silx view {file:?}\n\
         \x20   python -c 'import h5py; print(*h5py.File({file:?})[\"1.1/measurement\"].items(), sep=\"\\n\")'\n",
        file.display()
    ))
}
