//! Releases claims, as many at once as there are to be released.
//!
//! A writer that stops releases the claims of all its scans. One after the other would take a round trip each.

use std::sync::{Mutex, MutexGuard, PoisonError};

use redis_client::{Command, RedisError, ServerError, Value};
use tokio::sync::oneshot;

use crate::guarded_store::GuardedStore;

/// Releases a claim, unless somebody else has it.
const RELEASE: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then \
                       return redis.call('DEL', KEYS[1]) end \
                       return 0";

/// Claims of one store that wait to be released over its connection.
#[derive(Default)]
pub struct ReleaseQueue {
    waiting: Mutex<Vec<Release>>,
}

/// A claim to be released.
struct Release {
    command: Command,
    /// Receives the answer of Redis.
    answer: oneshot::Sender<Result<Value, ServerError>>,
}

/// Claims whose release is being sent. They wait again if no answer comes.
struct Batch<'a> {
    queue: &'a ReleaseQueue,
    releases: Vec<Release>,
}

/// Releases a claim that no client of this process has any more, together with all others that wait for
/// that. Tries again for a while if Redis does not answer.
pub async fn release(store: &impl GuardedStore, key: &str, value: &str) -> Result<(), RedisError> {
    let queue = store.release_queue();
    let (sender, mut answer) = oneshot::channel();
    queue.waiting().push(Release {
        // Nothing is created, so the store need not be initialised. Repeating it does nothing.
        command: Command::new("EVAL").arg(RELEASE).arg(1).arg(key).arg(value),
        answer: sender,
    });
    let shared = store.connection();
    let sent = shared.retry(async |connection| {
        let batch = Batch::of(queue);
        if !batch.releases.is_empty() {
            let commands: Vec<_> = batch.releases.iter().map(|it| it.command.clone()).collect();
            batch.answer(connection.pipeline_unless_busy(&commands).await?);
        }
        Ok(())
    });
    sent.await?;
    match answer.try_recv() {
        Ok(Err(source)) => Err(RedisError::Server {
            server: shared.url().to_string(),
            command: "EVAL".to_owned(),
            source,
        }),
        // The task that sent it has the answer before the connection is free again.
        Ok(Ok(_)) | Err(_) => Ok(()),
    }
}

impl ReleaseQueue {
    fn waiting(&self) -> MutexGuard<'_, Vec<Release>> {
        // No code runs under the lock that could leave the list half changed.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Batch<'_> {
    fn of(queue: &ReleaseQueue) -> Batch<'_> {
        let releases = std::mem::take(&mut *queue.waiting());
        Batch { queue, releases }
    }

    fn answer(mut self, replies: Vec<Result<Value, ServerError>>) {
        for (release, reply) in self.releases.drain(..).zip(replies) {
            // Nobody waits for the answer any more if the client has ended meanwhile.
            if release.answer.send(reply).is_err() {
                tracing::trace!("a claim was released after its client had ended");
            }
        }
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.queue.waiting().append(&mut self.releases);
    }
}
