//! Follows the history of scans.

use std::sync::Arc;
use std::time::Duration;

use tracing::info;

use super::{Notice, NoticeSender};
use crate::source::{Assignment, FeedMembership, ScanStore};
use crate::subscriber::{Consumer, Context, Fault, Listener, Sink};

/// Longest wait for a new scan before the listener checks whether it shall stop.
const STOP_POLL: Duration = Duration::from_millis(500);

/// Follows the history of scans.
pub struct SessionListener {
    pub store: Arc<dyn ScanStore>,
    /// Name of the group of writers that share the scans.
    pub group: String,
    /// Set to ignore scans that were created before.
    pub only_new: bool,
    pub notices: NoticeSender,
}

/// A scan that was handed out to us, and our membership of the group that shares the scans.
pub struct FeedItem {
    pub assignment: Assignment,
    pub membership: Arc<dyn FeedMembership>,
}

impl Listener for SessionListener {
    type Event = FeedItem;

    async fn listen<C: Consumer<Event = FeedItem>>(
        self,
        context: Context,
        sink: Sink<C>,
    ) -> Result<(), Fault> {
        // The position in the history is fixed before the subscriber is ON, so that no scan is missed.
        let joined = self.store.join(&self.group).await;
        let mut feed = joined.map_err(|error| Fault::new(&error))?;
        if self.only_new {
            let skipped = feed.skip_existing().await;
            skipped.map_err(|error| Fault::new(&error))?;
        }
        context.ready();
        info!("subscribed: scans are saved from now on");
        self.notices.send(Notice::Subscribed).await;
        while !context.stopping().is_set() {
            let next = tokio::select! {
                () = context.stopping().wait() => break,
                next = feed.next(STOP_POLL) => next,
            };
            for assignment in next.map_err(|error| Fault::new(&error))? {
                let item = FeedItem {
                    assignment,
                    membership: feed.membership(),
                };
                sink.put(item, 0).await?;
            }
        }
        Ok(())
    }
}
