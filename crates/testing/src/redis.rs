//! A Redis server for one test.

use blissdata::store::DataStore;
use simulation::redis::{PrivateRedis, RedisOptions};

/// Starts a server with an initialised data base. It ends when it is dropped, or when the test ends.
pub fn redis() -> PrivateRedis {
    let server = PrivateRedis::start_blocking(&RedisOptions::new()).expect("a private Redis");
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            let store = DataStore::connect(&server.url()).await.unwrap();
            simulation::initialise(&store).await.unwrap();
        });
    server
}
