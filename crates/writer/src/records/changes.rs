//! Waiting for changes without polling.

use tokio::sync::watch;

/// Notifies all receivers of changes.
#[derive(Clone)]
pub struct ChangeSender {
    // The number has no meaning: receivers read the records when it changes.
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
    /// Waits until something has changed since the last call, or since the receiver was created.
    /// Several changes may wake it once; the records contain all of them when it returns.
    ///
    /// It never returns after all handles of the records were dropped. It is cancel-safe.
    pub async fn changed(&mut self) {
        if self.count.changed().await.is_err() {
            std::future::pending().await
        }
    }
}
