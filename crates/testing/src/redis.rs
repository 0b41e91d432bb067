//! Redis servers for one test. They end when they are dropped, or when the test ends.

use blissdata::store::DataStore;
use redis_client::{Command, Connection, RedisUrl, Value};
use simulation::redis::{PrivateRedis, RedisOptions};

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
