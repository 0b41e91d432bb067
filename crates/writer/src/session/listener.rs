//! Follows the history of scans.

use std::time::Duration;

use blissdata::store::{DataStore, History, ScanKey};
use tracing::info;

use super::Notice;
use super::announcer::Announcer;
use crate::subscriber::{Consumer, Context, Fault, Listener, Sink};

/// Longest wait for a new scan before the listener looks whether it shall stop.
const POLL: Duration = Duration::from_millis(500);

/// Follows the history of scans.
pub struct HistoryListener {
    pub store: DataStore,
    pub announcer: Announcer,
}

impl Listener for HistoryListener {
    type Event = ScanKey;

    async fn listen<C: Consumer<Event = ScanKey>>(
        self,
        context: Context,
        sink: Sink<C>,
    ) -> Result<(), Fault> {
        // The position is taken once, before readiness is told: no scan falls in between.
        let mut history = History::from_now(&self.store)
            .await
            .map_err(|error| Fault::new(&error))?;
        context.ready();
        info!("subscribed: scans are saved from now on");
        self.announcer.tell(Notice::Subscribed).await;
        while !context.stopping().is_set() {
            let next = tokio::select! {
                () = context.stopping().wait() => break,
                next = history.next(POLL) => next,
            };
            for (_, key) in next.map_err(|error| Fault::new(&error))? {
                sink.put(key, 0).await?;
            }
        }
        Ok(())
    }
}
