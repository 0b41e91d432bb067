//! `demo`: all parts at work for a quarter of a minute, and nothing left of them but a file.

mod programme;
mod show;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use blissdata::store::DataStore;
use hub::{Event, Queue};
use simulation::redis::{EmbeddedError, PrivateRedis, RedisOptions};
use writer::session::{Notice, SessionOptions};
use writer::source::blissdata::scan_store;
use writer::{NexusSessionWriter, WriterThread};

use super::{Outcome, tree};
use crate::exit::{self, Failure};
use crate::signals::Interrupts;
use programme::SESSION;
use show::Show;

/// Notices that may wait until they are shown.
const NOTICES: usize = 1000;
/// How often the show is brought up to date.
const FRAME: Duration = Duration::from_millis(100);
/// Directory of the file, if none is given.
const DIRECTORY: &str = "nexus-writer-demo";

/// Saves simulated scans before the user's eyes.
pub async fn demo(directory: Option<PathBuf>) -> Outcome {
    let interrupts = Interrupts::listen()?;
    let redis = PrivateRedis::start(&RedisOptions::new()).await;
    let redis = redis.map_err(with_advice)?;
    let store = DataStore::connect(&redis.url()).await?;
    simulation::initialise(&store).await?;
    let file = make(directory)?.join("demo.h5");

    let writer_thread = Arc::new(WriterThread::start(Arc::default())?);
    let notices = Queue::new(NOTICES);
    let options = SessionOptions {
        session: Some(SESSION.to_owned()),
        notices: Some(notices.clone()),
        ..SessionOptions::default()
    };
    let session = NexusSessionWriter::start(&writer_thread, &scan_store(&store), options)?;
    let show = Show::new(&file);
    let performed = tokio::select! {
        performed = perform(&store, &file, &show, &notices, &interrupts.finish) => performed,
        _ = session.subscriber().join(None) => Err(session.subscriber().info().into()),
        () = interrupts.leave.wait() => {
            session.subscriber().kill("told to leave");
            Err("left before the end".into())
        }
    };
    // Nobody listens any more.
    notices.close();
    session.subscriber().stop();
    session.subscriber().join(None).await;
    writer_thread.stop().await?;
    drop(redis);
    performed?;
    tell(&file, &show)
}

/// Publishes the programme and shows how it is saved, until all of it is.
async fn perform(
    store: &DataStore,
    file: &Path,
    show: &Show,
    notices: &Queue<Notice>,
    ending: &Event,
) -> Result<(), Failure> {
    // Who publishes sooner is not heard.
    while !matches!(notices.get().await, Some(Notice::Subscribed) | None) {}
    let mut frames = tokio::time::interval(FRAME);
    let mut publishing = pin!(programme::publish_all(store, file, show, ending));
    let mut published = false;
    while !(published && show.all_ended()) {
        tokio::select! {
            done = &mut publishing, if !published => {
                done?;
                published = true;
            }
            notice = notices.get() => match notice {
                Some(notice) => show.take(notice),
                None => break,
            },
            _ = frames.tick() => show.refresh(),
        }
    }
    Ok(())
}

/// A new directory below the current one, or the one that is wanted.
fn make(wanted: Option<PathBuf>) -> Result<PathBuf, Failure> {
    if let Some(directory) = wanted {
        let made = std::fs::create_dir_all(&directory);
        return made
            .and_then(|()| std::path::absolute(&directory))
            .map_err(|error| cannot_make(&directory, &error));
    }
    let mut number = 1;
    loop {
        let directory = match number {
            1 => PathBuf::from(DIRECTORY),
            number => PathBuf::from(format!("{DIRECTORY}-{number}")),
        };
        match std::fs::create_dir(&directory) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            made => {
                return made
                    .and_then(|()| std::path::absolute(&directory))
                    .map_err(|error| cannot_make(&directory, &error));
            }
        }
    }
}

fn cannot_make(directory: &Path, error: &std::io::Error) -> Failure {
    let directory = directory.display();
    Failure::usage(format!("cannot make the directory {directory}: {error}"))
}

/// Most machines have no such server, and who sees the first demo does not know of it.
fn with_advice(error: EmbeddedError) -> Failure {
    let advice = match &error {
        EmbeddedError::NoServer { .. } | EmbeddedError::NoModule { .. } => {
            "\nThe demo needs redis-server with the modules rejson and redisearch: `./dev setup` in \
             the source tree gets them for the project alone, Redis 8 and Redis Stack bring them \
             for the machine."
        }
        _ => "",
    };
    Failure::usage(format!("{error}{advice}"))
}

/// Shows the file that came of it.
fn tell(file: &Path, show: &Show) -> Outcome {
    if !file.exists() {
        return Err("ended before anything was saved".into());
    }
    let structure = tree::describe(file, "/")?;
    let printed = tree::print(&format!(
        "{structure}\n\
         The file is {}. Look into it with\n\
         \x20   silx view {file:?}\n\
         \x20   python -c 'import h5py; print(*h5py.File({file:?})[\"1.1/measurement\"].items(), sep=\"\\n\")'\n",
        file.display()
    ))?;
    Ok(if show.all_complete() {
        printed
    } else {
        ExitCode::from(exit::FAILED)
    })
}
