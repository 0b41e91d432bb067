//! Follows the history of scans.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{debug, info};

use super::{Notice, NoticeSender};
use crate::source::{Assignment, FeedMembership, ScanFeed, ScanStore, SourceError, SpooledScan};
use crate::subscriber::{Consumer, Context, Fault, Listener, Sink, with_causes};

/// Longest wait for a new scan before the listener checks whether it shall stop.
const STOP_POLL: Duration = Duration::from_millis(500);

/// How often the session looks for spooled scans that a dead process on this host has left.
const SPOOL_PERIOD: Duration = Duration::from_secs(10);

/// Follows the history of scans.
pub struct SessionListener {
    pub store: Arc<dyn ScanStore>,
    /// Name of the group of writers that share the scans.
    pub group: String,
    /// Set to ignore scans that were created before.
    pub only_new: bool,
    pub notices: NoticeSender,
}

/// Something that the feed of scans delivers.
pub enum FeedItem {
    /// Our membership of the group that shares the scans; the first item.
    Joined(Arc<dyn FeedMembership>),
    /// A scan that was handed out to us.
    Scan(Assignment),
    /// A scan whose spool is on this host and which no process has.
    Spooled(SpooledScan),
}

impl Listener for SessionListener {
    type Event = FeedItem;

    async fn listen<C: Consumer<Event = FeedItem>>(
        self,
        context: Context,
        sink: Sink<C>,
    ) -> Result<(), Fault> {
        // The position in the history is fixed before the subscriber is ON, so that no scan is missed.
        let joined = tokio::select! {
            () = context.stopping().wait() => return Ok(()),
            joined = self.join() => joined,
        };
        let mut feed = joined.map_err(|error| Fault::new(&error))?;
        sink.put(FeedItem::Joined(feed.membership()), 0).await?;
        let store = self.store.clone();
        // Users learn at the start, and not with the first scan, that the server may drop data.
        hub::spawn(async move {
            if let Err(error) = store.forecast().await {
                debug!(
                    "the memory of the server is not known: {}",
                    with_causes(&error)
                );
            }
        })
        .detach();
        let mut spooled = self.store.spooled_scans().await;
        let mut last_look = Instant::now();
        context.ready();
        info!("subscribed: scans are saved from now on");
        self.notices.send(Notice::Subscribed).await;
        while !context.stopping().is_set() {
            if last_look.elapsed() >= SPOOL_PERIOD {
                spooled = self.store.spooled_scans().await;
                last_look = Instant::now();
            }
            for scan in spooled.drain(..) {
                sink.put(FeedItem::Spooled(scan), 0).await?;
            }
            let next = tokio::select! {
                () = context.stopping().wait() => break,
                next = feed.next(STOP_POLL) => next,
            };
            for assignment in next.map_err(|error| Fault::new(&error))? {
                // What is not begun is not acknowledged, so the next member of the group gets it.
                if context.stopping().is_set() {
                    break;
                }
                sink.put(FeedItem::Scan(assignment), 0).await?;
            }
        }
        Ok(())
    }
}

impl SessionListener {
    async fn join(&self) -> Result<Box<dyn ScanFeed>, SourceError> {
        let mut feed = self.store.join(&self.group).await?;
        if self.only_new {
            feed.skip_existing().await?;
        }
        Ok(feed)
    }
}
