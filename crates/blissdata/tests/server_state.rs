//! What the server of a data store says about itself.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use blissdata::store::DataStore;
use observation::{Observation, RedisCommand};
use simulation::redis::{PrivateRedis, RedisOptions};
use testing::{empty_redis, redis_call};

#[tokio::test]
async fn a_store_is_usable_once_it_is_initialised() {
    let server = empty_redis().await;
    let store = DataStore::new(&server.url());
    let empty = store.server_state().await.unwrap();
    assert_eq!(
        (empty.protocol_version.as_deref(), empty.is_usable()),
        (None, false)
    );
    simulation::initialise(&store).await.unwrap();
    let ready = store.server_state().await.unwrap();
    assert_eq!(
        (ready.protocol_version.as_deref(), ready.is_usable()),
        (Some("1"), true)
    );
    redis_call(&server.url(), "SET _PROTOCOL_VERSION_ 2").await;
    let newer = store.server_state().await.unwrap();
    assert_eq!(
        (newer.protocol_version.as_deref(), newer.is_usable()),
        (Some("2"), false)
    );
}

#[tokio::test]
async fn memory_and_its_limit_are_reported() {
    let options = RedisOptions::new().maxmemory(123_456_789);
    let server = PrivateRedis::start(&options).await.unwrap();
    let observation = Arc::new(Observation::default());
    let store = DataStore::observed(&server.url(), &observation);
    let state = store.server_state().await.unwrap();
    assert!(state.used_memory > 100_000, "{state:?}");
    assert_eq!(state.max_memory, Some(123_456_789));
    assert_eq!(state.eviction_policy, "noeviction");
    assert_eq!(
        observation.redis.memory_used.get(),
        state.used_memory as f64
    );
    assert_eq!(observation.redis.memory_limit.get(), 123_456_789.0);

    redis_call(&server.url(), "CONFIG SET maxmemory-policy allkeys-lru").await;
    redis_call(&server.url(), "CONFIG SET maxmemory 0").await;
    let state = store.server_state().await.unwrap();
    assert_eq!(
        (state.max_memory, state.eviction_policy.as_str()),
        (None, "allkeys-lru")
    );
    assert_eq!(observation.redis.memory_limit.get(), 0.0);
    assert!(!state.has_memory_tracker);
    redis_call(&server.url(), "XADD _MEMORY_TRACKING_ * esrf:stream:1 5-1").await;
    assert!(store.server_state().await.unwrap().has_memory_tracker);
    // The observation is not watched, so nothing was timed.
    let times = observation.redis.duration(RedisCommand::Other).snapshot();
    assert_eq!(times.count, 0);
}
