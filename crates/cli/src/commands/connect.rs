//! Connects to the data store that the arguments or the environment name.

use blissdata::store::DataStore;
use redis_client::RedisUrl;

use crate::exit::Failure;
use crate::secrets;
use crate::signals::Interrupts;

/// Returns the URL of Redis from the argument, or else from the environment.
pub async fn discover(url: Option<&str>) -> Result<RedisUrl, Failure> {
    let url = url.map(secrets::with_password);
    RedisUrl::discover(url.as_deref())
        .await
        .map_err(Failure::usage)
}

/// Connects to a data store, which must be reachable now. It need not be initialised yet.
pub async fn connect(url: &RedisUrl) -> Result<DataStore, Failure> {
    DataStore::connect(url).await.map_err(Failure::usage)
}

/// Waits until the store can be used.
pub async fn wait_ready(store: &DataStore) -> Result<(), Failure> {
    store.wait_ready().await.map_err(Failure::usage)
}

/// Waits for a step of the start. Returns `None` if a signal came first, which ends the wait at once.
pub async fn unless_stopped<T>(
    interrupts: &Interrupts,
    step: impl Future<Output = Result<T, Failure>>,
) -> Result<Option<T>, Failure> {
    tokio::select! {
        () = interrupts.stop_requested.wait() => Ok(None),
        done = step => done.map(Some),
    }
}
