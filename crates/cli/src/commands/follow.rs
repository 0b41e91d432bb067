//! `run` and `session`: scans as they appear.

use std::sync::Arc;

use blissdata::store::DataStore;
use writer::Workshop;
use writer::session::{NexusSessionWriter, SessionOptions};

use super::{Outcome, connect};
use crate::args::Saving;
use crate::exit;
use crate::signals::Interrupts;

/// Saves every scan that has a layout.
pub async fn run(url: String, saving: Saving) -> Outcome {
    follow(Some(url), None, saving).await
}

/// Saves the scans of one session.
pub async fn session(name: String, redis: Option<String>, saving: Saving) -> Outcome {
    follow(redis, Some(name), saving).await
}

async fn follow(redis: Option<String>, session: Option<String>, saving: Saving) -> Outcome {
    let interrupts = Interrupts::listen()?;
    let url = connect::find(redis.as_deref()).await?;
    // A service outlives its Redis: whether it is there already does not matter.
    let store = DataStore::new(&url);
    if !connect::ready(&store, &interrupts).await? {
        return Ok(exit::SUCCESS);
    }
    let workshop = Arc::new(Workshop::start()?);
    let options = SessionOptions {
        session,
        save: saving.options(),
        ..SessionOptions::default()
    };
    let session = NexusSessionWriter::start(&workshop, &store, options)?;
    tokio::select! {
        _ = session.subscriber().join(None) => {}
        () = interrupts.finish.wait() => {
            session.subscriber().stop();
            tokio::select! {
                _ = session.subscriber().join(None) => {}
                () = interrupts.leave.wait() => {
                    session.subscriber().kill("told to leave");
                    session.subscriber().join(None).await;
                }
            }
        }
    }
    workshop.stop().await?;
    match session.subscriber().fault() {
        Some(fault) => Err(fault.into()),
        None => Ok(exit::SUCCESS),
    }
}
