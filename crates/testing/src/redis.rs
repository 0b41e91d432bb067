//! Redis servers for one test. They end when they are dropped, or when the test ends.

use std::time::{Duration, Instant};

use blissdata::store::DataStore;
use redis_client::{Command, Connection, RedisUrl, Value};
use simulation::redis::{PrivateRedis, RedisOptions};

/// Longest wait for scans to be saved.
const SAVING_LIMIT: Duration = Duration::from_secs(120);

/// Starts a server with an initialised data store, for tests without an executor.
pub fn redis() -> PrivateRedis {
    let server = PrivateRedis::start_blocking(&RedisOptions::new()).expect("a private Redis");
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(initialise(&server));
    server
}

/// Starts a server without data.
pub async fn empty_redis() -> PrivateRedis {
    PrivateRedis::start(&RedisOptions::new()).await.unwrap()
}

/// Starts a server with an initialised data store.
pub async fn data_store() -> (PrivateRedis, DataStore) {
    let server = empty_redis().await;
    let store = initialise(&server).await;
    (server, store)
}

/// Executes a command, whose words are separated by spaces, on a connection of its own.
pub async fn redis_call(url: &RedisUrl, command: &str) -> Value {
    let mut words = command.split(' ');
    let command = Command::new(words.next().unwrap()).args(words);
    let mut connection = Connection::open(url).await.unwrap();
    connection.call(&command).await.unwrap()
}

/// Waits until session writers have come to an end with all scans of the history. The logs do not show that if a writer
/// was killed: the last lines of its log may be missing.
pub async fn wait_until_saved(url: &RedisUrl) {
    let begun = Instant::now();
    while !are_saved(url).await {
        assert!(begun.elapsed() < SAVING_LIMIT, "scans are not saved");
        // The server does not announce what members of a group acknowledge.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn are_saved(url: &RedisUrl) -> bool {
    let groups = redis_call(url, "XINFO GROUPS _SCAN_HISTORY_").await;
    let is_zero = |group: &Value, name: &str| {
        let fields = group.as_array().unwrap();
        let mut pairs = fields.chunks(2);
        let found = pairs.find(|pair| pair[0].as_str() == Some(name)).unwrap();
        found[1].as_int() == Some(0)
    };
    let mut groups = groups.as_array().unwrap().iter();
    groups.all(|group| is_zero(group, "pending") && is_zero(group, "lag"))
}

/// Lets a server use so much of its memory that the memory tracker of BLISS would drop points, and seem to have a
/// tracker. There is room for some megabytes more.
pub async fn fill_to_tracker_threshold(url: &RedisUrl) {
    redis_call(url, "XADD _MEMORY_TRACKING_ * esrf:stream:1 0-1").await;
    redis_call(url, "SETRANGE ballast 40000000 x").await;
    let used = DataStore::new(url).server_state().await.unwrap();
    let limit = used.used_memory / 85 * 100;
    redis_call(url, &format!("CONFIG SET maxmemory {limit}")).await;
}

async fn initialise(server: &PrivateRedis) -> DataStore {
    let store = DataStore::connect(&server.url()).await.unwrap();
    simulation::initialise(&store).await.unwrap();
    store
}
