//! Follows the history of scans.

use std::time::Duration;

use blissdata::store::{DataStore, Delivery, Ledger, SharedHistory};
use tracing::info;

use super::Notice;
use super::announcer::Announcer;
use crate::subscriber::{Consumer, Context, Fault, Listener, Sink};

/// Longest wait for a new scan before the listener looks whether it shall stop.
const POLL: Duration = Duration::from_millis(500);

/// Follows the history of scans.
pub struct HistoryListener {
    pub store: DataStore,
    /// Name of the group of writers that share the scans.
    pub group: String,
    /// Scans that were created before are not for us.
    pub only_new: bool,
    pub announcer: Announcer,
}

/// A scan that was handed out to us, and where to tell that it is done.
pub struct Handed {
    pub scan: Delivery,
    pub ledger: Ledger,
}

impl Listener for HistoryListener {
    type Event = Handed;

    async fn listen<C: Consumer<Event = Handed>>(
        self,
        context: Context,
        sink: Sink<C>,
    ) -> Result<(), Fault> {
        // The position is taken once, before readiness is told: no scan falls in between.
        let mut history = SharedHistory::join(&self.store, &self.group)
            .await
            .map_err(|error| Fault::new(&error))?;
        if self.only_new {
            let passed = history.pass_over().await;
            passed.map_err(|error| Fault::new(&error))?;
        }
        context.ready();
        info!("subscribed: scans are saved from now on");
        self.announcer.tell(Notice::Subscribed).await;
        while !context.stopping().is_set() {
            let next = tokio::select! {
                () = context.stopping().wait() => break,
                next = history.next(POLL) => next,
            };
            for scan in next.map_err(|error| Fault::new(&error))? {
                let ledger = history.ledger();
                sink.put(Handed { scan, ledger }, 0).await?;
            }
        }
        Ok(())
    }
}
