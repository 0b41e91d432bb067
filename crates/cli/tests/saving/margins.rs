//! Warnings about the memory of Redis.

use testing::redis_call;

use crate::fixture::Fixture;

#[tokio::test]
async fn a_server_that_evicts_is_reported_at_the_start() {
    let fixture = Fixture::new().await;
    redis_call(
        &fixture.server.url(),
        "CONFIG SET maxmemory-policy allkeys-lru",
    )
    .await;
    let mut running = fixture.run();
    running.wait_for("(maxmemory-policy allkeys-lru): data can vanish without notice");
    let log = Fixture::end(running);
    assert_eq!(log.matches("maxmemory-policy").count(), 1, "{log}");
}

#[tokio::test]
async fn a_full_server_without_a_memory_tracker_will_refuse_bliss() {
    let fixture = Fixture::new().await;
    redis_call(&fixture.server.url(), "CONFIG SET maxmemory 1").await;
    let mut running = fixture.run();
    running.wait_for("BLISS will be refused in about 0 s: the memory of Redis is full then");
    Fixture::end(running);
}
