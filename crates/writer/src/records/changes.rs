//! Waiting for changes, without asking again and again.

use tokio::sync::watch;

/// Tells of changes to all who watch.
#[derive(Clone)]
pub struct ChangeSender {
    // The number means nothing: whoever hears of a change looks for itself.
    count: watch::Sender<u64>,
}

/// Waits for changes; made by [`ScanRecords::watch`](super::ScanRecords::watch).
pub struct ChangeReceiver {
    count: watch::Receiver<u64>,
}

impl ChangeSender {
    pub fn new() -> ChangeSender {
        ChangeSender {
            count: watch::Sender::new(0),
        }
    }

    pub fn notify(&self) {
        self.count
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    pub fn watch(&self) -> ChangeReceiver {
        ChangeReceiver {
            count: self.count.subscribe(),
        }
    }
}

impl ChangeReceiver {
    /// Waits until something has changed since the last call, or since this was made. Several changes
    /// may be told at once; whoever looks after this returns sees all of them.
    ///
    /// Never returns once all handles of the records are gone. Cancel-safe.
    pub async fn changed(&mut self) {
        if self.count.changed().await.is_err() {
            std::future::pending().await
        }
    }
}
