//! A store with a stream that names its scans.

use redis_client::{Connection, Value};

use crate::guarded_store::GuardedStore;

/// A store with a stream that names all scans, in the order in which they were created or found: the *history*.
pub trait HistoryStore: GuardedStore {
    /// What an entry says about its scan. Two entries that are equal in this are about the same scan.
    type Scan: Clone + Eq + Send + Sync + 'static;

    /// Returns the key of the stream.
    fn history_key(&self) -> &str;

    /// Reads names and values of an entry. Returns `None` if it names no scan.
    fn scan_of_fields(fields: &[Value]) -> Option<Self::Scan>;

    /// Returns `true` if the store was not usable when it was last asked for that before it could be used: all scans in it
    /// were created since.
    fn was_empty(&self) -> bool;

    /// Opens a connection on which the history can be followed.
    ///
    /// # Errors
    /// If the server cannot be reached, or is not such a store (yet).
    fn open_history(&self) -> impl Future<Output = Result<Connection, Self::Error>> + Send + Sync;
}
