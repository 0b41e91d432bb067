//! Claims of files: the right to write a file, which one process has at a time.
//!
//! The locks of the operating system do not exist on every file system, and do not say who comes next. A claim
//! is a key in Redis with a lease: whoever dies or is cut off loses it when the lease has run out. The clients
//! of one process share the claim of a file.

mod release;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use observation::with_causes;
use redis_client::{RedisError, Value};
use tokio::time::{Instant, sleep};

use crate::guarded_store::{GuardedStore, StoreFailure};
use crate::member::GroupMember;
pub use release::ReleaseQueue;

/// How long a claim lasts that is not renewed.
const LEASE: Duration = Duration::from_secs(60);

/// How often a claim is renewed.
const RENEWAL_PERIOD: Duration = Duration::from_secs(10);

/// Claims a file: returns the new value, or the value of the present holder. `ARGV[4]` is the value of a holder
/// that is known to be dead. A claim of this process is replaced: no client has it any more, but Redis could not
/// be told. The token grows with each claim, so that no two claims of a file are equal.
const CLAIM: &str = "local held = redis.call('GET', KEYS[2]) \
                     if held and held ~= ARGV[4] and \
                         string.sub(held, 1, #ARGV[2] + 1) ~= ARGV[2] .. ' ' then return held end \
                     local time = redis.call('TIME') \
                     local value = ARGV[2] .. ' ' .. time[1] .. string.format('%06d', time[2]) \
                     redis.call('SET', KEYS[2], value, 'PX', ARGV[3]) \
                     return value";

/// Renews a claim: returns the value of the holder, which is another one if the claim is lost.
const RENEW: &str = "local held = redis.call('GET', KEYS[2]) \
                     if held and held ~= ARGV[2] then return held end \
                     redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]) \
                     return ARGV[2]";

/// Why a file was not claimed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError<E: StoreFailure> {
    /// Another process has the claim.
    #[error("{file} is written by another writer, {holder}")]
    Held {
        /// The file.
        file: String,
        /// Host and number of the process.
        holder: String,
    },
    /// Redis cannot be asked, or refuses.
    #[error(transparent)]
    Store(#[from] E),
}

/// The claims of this process, by server and file. Redis knows a holder as a process, so all clients in the
/// process share them.
static CLAIMS: LazyLock<Mutex<HashMap<(String, String), ClaimSlot>>> =
    LazyLock::new(Mutex::default);

/// The claim of one file, if this process has it. Locked while Redis is asked to change it: a file is not claimed
/// twice at the same time, nor before its last claim is released.
type ClaimSlot = Arc<tokio::sync::Mutex<Weak<ClaimState>>>;

/// The claim of a file. Released when the last of its clones is [released](FileClaim::release).
pub struct FileClaim<S: GuardedStore> {
    store: S,
    state: Arc<ClaimState>,
}

impl<S: GuardedStore> Clone for FileClaim<S> {
    fn clone(&self) -> FileClaim<S> {
        FileClaim {
            store: self.store.clone(),
            state: self.state.clone(),
        }
    }
}

struct ClaimState {
    slot: ClaimSlot,
    key: String,
    value: String,
    lease: FileLease,
}

/// Until when a claim holds. Clones are those of the same claim; they do not keep it.
#[derive(Debug, Clone)]
pub struct FileLease {
    confirmed_until: Arc<Mutex<Option<Instant>>>,
}

impl FileLease {
    /// Returns `true` if no other process can have the claim now, by what Redis last answered.
    pub fn is_confirmed(&self) -> bool {
        self.until().is_some_and(|until| Instant::now() < until)
    }

    fn until(&self) -> MutexGuard<'_, Option<Instant>> {
        let until = self.confirmed_until.lock();
        until.unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: GuardedStore> FileClaim<S> {
    /// Claims a file for this process. Somebody has to [maintain](FileClaim::maintain) the claim.
    ///
    /// # Errors
    /// [`ClaimError::Held`] if another process has the claim and is not known to be dead.
    pub async fn claim(store: &S, file: &Path) -> Result<FileClaim<S>, ClaimError<S::Error>> {
        let file = file.to_string_lossy().into_owned();
        let slot = slot_of(store, &file);
        let mut claim = slot.lock().await;
        if let Some(state) = claim.upgrade() {
            return Ok(FileClaim {
                store: store.clone(),
                state,
            });
        }
        let key = format!("nexus-writer:file:{file}");
        let asked = Instant::now();
        let process = GroupMember::process();
        let owner = process.name();
        let mut held = try_claim(store, &key, owner, "").await?;
        if let Some(holder) = holder_of(&held, owner)
            && GroupMember::named(holder).has_ended()
        {
            held = try_claim(store, &key, owner, &held).await?;
        }
        if let Some(holder) = holder_of(&held, owner) {
            let holder = GroupMember::named(holder).describe();
            return Err(ClaimError::Held { file, holder });
        }
        let state = Arc::new(ClaimState {
            slot: slot.clone(),
            key,
            value: held,
            lease: FileLease {
                confirmed_until: Arc::new(Mutex::new(Some(asked + LEASE))),
            },
        });
        *claim = Arc::downgrade(&state);
        Ok(FileClaim {
            store: store.clone(),
            state,
        })
    }

    /// Returns what tells until when the claim holds.
    pub fn lease(&self) -> FileLease {
        self.state.lease.clone()
    }

    /// Renews the claim for ever.
    ///
    /// A claim that has vanished from Redis is made again. One that another process has got in the meantime is
    /// not confirmed any more.
    pub async fn maintain(&self) {
        let mut is_reported = false;
        loop {
            sleep(RENEWAL_PERIOD).await;
            let asked = Instant::now();
            match self.renew().await {
                Ok(value) if value == self.state.value => {
                    *self.state.lease.until() = Some(asked + LEASE);
                    is_reported = false;
                }
                Ok(value) => {
                    *self.state.lease.until() = None;
                    if !is_reported {
                        let (key, holder) = (&self.state.key, value);
                        tracing::warn!("the claim {key} was lost to {holder}");
                    }
                    is_reported = true;
                }
                Err(error) => {
                    if !is_reported {
                        let reason = with_causes(&error);
                        tracing::warn!("{} cannot be renewed: {reason}", self.state.key);
                    }
                    is_reported = true;
                }
            }
        }
    }

    async fn renew(&self) -> Result<String, S::Error> {
        let ClaimState { key, value, .. } = &*self.state;
        let reply = self.store.call_guarded(|guard| {
            let renewal = guard.script(RENEW, &[key]).arg(value);
            renewal.arg(LEASE.as_millis() as u64)
        });
        holder(&self.store, &reply.await?)
    }

    /// Gives the claim up, if no other client of this process has it. A claim that Redis cannot be told about
    /// runs out.
    ///
    /// # Errors
    /// If Redis cannot be asked, or refuses.
    pub async fn release(self) -> Result<(), S::Error> {
        let slot = self.state.slot.clone();
        let _claim = slot.lock().await;
        let Some(state) = Arc::into_inner(self.state) else {
            return Ok(());
        };
        Ok(release::release(&self.store, &state.key, &state.value).await?)
    }
}

async fn try_claim<S: GuardedStore>(
    store: &S,
    key: &str,
    owner: &str,
    dead: &str,
) -> Result<String, S::Error> {
    let reply = store.call_guarded(|guard| {
        let claim = guard.script(CLAIM, &[key]).arg(owner);
        claim.arg(LEASE.as_millis() as u64).arg(dead)
    });
    holder(store, &reply.await?)
}

/// Returns the text that a script returns.
fn holder<S: GuardedStore>(store: &S, reply: &Value) -> Result<String, S::Error> {
    let value = reply.as_str().map(str::to_owned);
    let unexpected = || RedisError::Unexpected {
        server: store.connection().url().to_string(),
        command: "EVAL".to_owned(),
        reason: "not the holder of a claim".to_owned(),
    };
    Ok(value.ok_or_else(unexpected)?)
}

/// Returns the slot of a file of a store.
fn slot_of(store: &impl GuardedStore, file: &str) -> ClaimSlot {
    // No code runs under the lock that could leave the map half changed.
    let claims = CLAIMS.lock();
    let mut claims = claims.unwrap_or_else(PoisonError::into_inner);
    claims.retain(|_, slot| Arc::strong_count(slot) > 1);
    let key = (store.connection().url().to_string(), file.to_owned());
    claims.entry(key).or_default().clone()
}

/// Returns the process that holds a claim, if it is another one than `owner`.
fn holder_of<'a>(value: &'a str, owner: &str) -> Option<&'a str> {
    let holder = value.rsplit_once(' ').map_or(value, |(holder, _)| holder);
    (holder != owner).then_some(holder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_names_its_holder() {
        assert_eq!(
            holder_of("host/boot/1/2 17", "host/boot/3/4"),
            Some("host/boot/1/2")
        );
        assert_eq!(holder_of("host/boot/1/2 17", "host/boot/1/2"), None);
    }
}
