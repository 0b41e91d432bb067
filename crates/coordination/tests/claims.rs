//! Claims of files, with a real server.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use std::path::Path;

use common::{PlainStore, empty_store, ready_store};
use coordination::{ClaimError, FileClaim, GuardedStore as _};
use redis_client::Command;

const CLAIMS: &str = "nexus-writer:file:*";

#[tokio::test]
async fn two_stores_of_a_process_share_a_claim() {
    let (server, store) = ready_store().await;
    let other = PlainStore::new(&server.url());
    let file = Path::new("/a.h5");
    let claim = FileClaim::claim(&store, file).await.unwrap();
    assert!(claim.lease().is_confirmed());
    let shared = FileClaim::claim(&other, file).await.unwrap();
    claim.release().await.unwrap();
    assert_eq!(store.keys(CLAIMS).await.len(), 1);
    shared.release().await.unwrap();
    assert!(store.keys(CLAIMS).await.is_empty());
}

#[tokio::test]
async fn a_claim_of_another_process_is_respected() {
    let (_server, store) = ready_store().await;
    let file = Path::new("/a.h5");
    let held = Command::new("SET").arg("nexus-writer:file:/a.h5");
    let held = held.arg("elsewhere/boot/pid:[1]/1/1 17");
    store.connection().call(&held).await.unwrap();
    let refused = FileClaim::claim(&store, file).await.map(|_| ());
    let Err(ClaimError::Held { holder, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(holder, "process 1 on elsewhere");
    store.call("DEL nexus-writer:file:/a.h5").await;
    FileClaim::claim(&store, file).await.unwrap();
}

#[tokio::test]
async fn no_claim_is_made_before_the_store_allows_it() {
    let (_server, store) = empty_store().await;
    let refused = FileClaim::claim(&store, Path::new("/a.h5")).await;
    assert!(matches!(refused, Err(ClaimError::Store(_))));
    assert!(store.keys("*").await.is_empty());
}
