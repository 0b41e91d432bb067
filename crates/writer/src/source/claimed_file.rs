//! Claims of files in Redis, as [`FileClaim`]s.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use coordination::GuardedStore;
use hub::Event;
use observation::with_causes;
use tracing::debug;

use super::{ClaimError, FileClaim, FileLease, SourceError};

/// A claim that a greenlet renews and releases.
struct StoreClaim {
    lease: coordination::FileLease,
    /// Asks the greenlet to release the claim.
    unneeded: Event,
    /// Sent when the claim is released.
    released: Event,
}

/// Claims a file, and renews the claim in a greenlet of this hub.
pub async fn claim<S: GuardedStore>(
    store: &S,
    file: &Path,
) -> Result<Box<dyn FileClaim>, ClaimError>
where
    SourceError: From<S::Error>,
{
    let claim = match coordination::FileClaim::claim(store, file).await {
        Ok(claim) => claim,
        Err(coordination::ClaimError::Store(error)) => {
            return Err(ClaimError::Unavailable(error.into()));
        }
        Err(error) => return Err(ClaimError::Held(error.to_string())),
    };
    let claimed = StoreClaim {
        lease: claim.lease(),
        unneeded: Event::new(),
        released: Event::new(),
    };
    let (unneeded, released) = (claimed.unneeded.clone(), claimed.released.clone());
    hub::spawn(async move {
        tokio::select! {
            () = claim.maintain() => {}
            () = unneeded.wait() => {}
        }
        if let Err(error) = claim.release().await {
            // It runs out.
            debug!("a claim is not released: {}", with_causes(&error));
        }
        released.send();
    })
    .detach();
    Ok(Box::new(claimed))
}

#[async_trait(?Send)]
impl FileClaim for StoreClaim {
    fn lease(&self) -> Arc<dyn FileLease> {
        Arc::new(self.lease.clone())
    }

    async fn release(self: Box<Self>) {
        self.unneeded.send();
        self.released.wait().await;
    }
}

impl Drop for StoreClaim {
    fn drop(&mut self) {
        self.unneeded.send();
    }
}

impl FileLease for coordination::FileLease {
    fn is_confirmed(&self) -> bool {
        coordination::FileLease::is_confirmed(self)
    }
}
