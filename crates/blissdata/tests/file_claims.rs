//! Claims of files, with a real server.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use blissdata::store::DataStore;
use redis_client::RedisUrl;
use simulation::redis::PrivateRedis;
use testing::{data_store, redis_call};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixStream};
use tokio::task::{JoinSet, LocalSet};

async fn claims(server: &PrivateRedis) -> usize {
    let claims = redis_call(&server.url(), "KEYS nexus-writer:file:*").await;
    claims.as_array().unwrap().len()
}

#[tokio::test]
async fn a_claim_is_released_although_the_connection_breaks() {
    let (server, store) = data_store().await;
    let claim = store.claim_file(Path::new("/a.h5")).await.unwrap();
    assert_eq!(claims(&server).await, 1);
    redis_call(&server.url(), "CLIENT KILL TYPE normal").await;
    claim.release().await.unwrap();
    assert_eq!(claims(&server).await, 0);
}

/// Two scans of one file that begin at the same time.
#[tokio::test]
async fn the_clients_of_a_process_share_a_claim_until_the_last_one_releases_it() {
    let (server, store) = data_store().await;
    let file = Path::new("/a.h5");
    let (one, other) = tokio::join!(store.claim_file(file), store.claim_file(file));
    let other_store = DataStore::new(&server.url());
    let third = other_store.claim_file(file).await.unwrap();
    for claim in [one.unwrap(), other.unwrap()] {
        claim.release().await.unwrap();
        assert_eq!(claims(&server).await, 1);
    }
    third.release().await.unwrap();
    assert_eq!(claims(&server).await, 0);
}

/// A claim that was given up without Redis having been told must not be released late: by then it may be that
/// of the next client.
#[tokio::test]
async fn a_claim_that_was_given_up_is_replaced() {
    let (server, store) = data_store().await;
    let file = Path::new("/a.h5");
    drop(store.claim_file(file).await.unwrap());
    let get = "GET nexus-writer:file:/a.h5";
    let first = redis_call(&server.url(), get).await;
    let claim = store.claim_file(file).await.unwrap();
    assert_ne!(redis_call(&server.url(), get).await, first);
    claim.release().await.unwrap();
    assert_eq!(claims(&server).await, 0);
}

#[tokio::test]
async fn claims_that_end_together_are_released_together() {
    const CLAIMS: usize = 20;
    let (server, _) = data_store().await;
    let packets = Arc::new(AtomicUsize::new(0));
    let url = counted(&server, &packets).await;
    let store = DataStore::new(&url);
    let tasks = LocalSet::new();
    let mut releases = JoinSet::new();
    for number in 0..CLAIMS {
        let file = format!("/{number}.h5");
        let claim = store.claim_file(Path::new(&file)).await.unwrap();
        releases.spawn_local_on(claim.release(), &tasks);
    }
    assert_eq!(claims(&server).await, CLAIMS);
    let before = packets.load(Ordering::SeqCst);
    let released = tasks.run_until(releases.join_all()).await;
    released.into_iter().for_each(|released| released.unwrap());
    assert_eq!(claims(&server).await, 0);
    // The first release is sent alone if the others come while it is on its way.
    let sent = packets.load(Ordering::SeqCst) - before;
    assert!(sent <= 2, "{sent} packets");
}

/// Returns an address of the server that counts what is sent to it.
async fn counted(server: &PrivateRedis, packets: &Arc<AtomicUsize>) -> RedisUrl {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let socket = server.directory().join("redis.sock");
    let packets = packets.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = UnixStream::connect(&socket).await.unwrap();
            let (mut requests, mut replies) = client.into_split();
            let (mut answers, mut questions) = server.into_split();
            let packets = packets.clone();
            tokio::spawn(async move { tokio::io::copy(&mut answers, &mut replies).await });
            tokio::spawn(async move {
                let mut bytes = vec![0; 1 << 16];
                while let Ok(read @ 1..) = requests.read(&mut bytes).await {
                    packets.fetch_add(1, Ordering::SeqCst);
                    questions.write_all(&bytes[..read]).await.unwrap();
                }
            });
        }
    });
    url.parse().unwrap()
}
