//! From what was typed to a data store.

use blissdata::store::DataStore;
use redis_client::RedisUrl;

use crate::exit::Failure;
use crate::secrets;
use crate::signals::Interrupts;

/// The Redis that was named, or the one that the environment tells.
pub async fn find(url: Option<&str>) -> Result<RedisUrl, Failure> {
    let url = url.map(secrets::reveal);
    RedisUrl::discover(url.as_deref())
        .await
        .map_err(Failure::usage)
}

/// A store that must be there now. It may still have to be initialised by somebody.
pub async fn now(url: &RedisUrl) -> Result<DataStore, Failure> {
    DataStore::connect(url).await.map_err(Failure::usage)
}

/// Waits until the store can be used; tells whether it came to that before a signal did.
pub async fn ready(store: &DataStore, interrupts: &Interrupts) -> Result<bool, Failure> {
    tokio::select! {
        () = interrupts.finish.wait() => Ok(false),
        ready = store.wait_ready() => ready.map(|()| true).map_err(Failure::usage),
    }
}
