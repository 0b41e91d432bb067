//! Scans that the store holds already.

use coordination::scan_of_entry;
use redis_client::{Command, Value};

use super::coordination::HISTORY_KEY;
use super::{DataStore, ScanKey, StoreError, Timetag};

/// A scan that lives no longer than this is as good as deleted: whoever deletes a scan gives
/// its users these 10 s to finish.
const DELETED_BELOW: i64 = 10;
const PAGE: usize = 1000;

impl DataStore {
    /// The scans that the history remembers and that are not deleted, oldest first. The history
    /// keeps the last 2048 scans or a few more; see [`scans_by_key`](Self::scans_by_key) for all.
    /// Needs no search module.
    pub async fn scans(&self) -> Result<Vec<(Timetag, ScanKey)>, StoreError> {
        let mut alive = Vec::new();
        let mut from = "-".to_owned();
        loop {
            let page = Command::new("XRANGE").arg(HISTORY_KEY).arg(&from).arg("+");
            let reply = self.call(&page.arg("COUNT").arg(PAGE)).await?;
            let entries = self.array(&reply, "XRANGE")?;
            let mut scans = Vec::with_capacity(entries.len());
            for entry in entries {
                let (timetag, key) = scan_of_entry::<DataStore>(entry)
                    .ok_or_else(|| self.unexpected("XRANGE", "not an entry"))?;
                from = format!("({timetag}");
                scans.extend(key.map(|key| (timetag, key)));
            }
            let asked: Vec<Command> = scans.iter().map(|(_, key)| ttl(key)).collect();
            let lives = self.pipeline(&asked).await?;
            alive.extend(
                scans
                    .into_iter()
                    .zip(lives)
                    .filter(|(_, ttl)| lives_on(ttl))
                    .map(|(scan, _)| scan),
            );
            if entries.len() < PAGE {
                return Ok(alive);
            }
        }
    }

    /// All scans that are not deleted, also those too old for the history, in no order. Walks
    /// through all keys of the store.
    pub async fn scans_by_key(&self) -> Result<Vec<ScanKey>, StoreError> {
        let mut alive = Vec::new();
        let mut cursor = "0".to_owned();
        loop {
            let command = Command::new("SCAN")
                .arg(&cursor)
                .arg("MATCH")
                .arg("esrf:scan:*");
            let command = command.arg("COUNT").arg(PAGE).arg("TYPE").arg("ReJSON-RL");
            let reply = self.call(&command).await?;
            let [next, keys] = self.array(&reply, "SCAN")? else {
                return Err(self.unexpected("SCAN", "not a cursor and keys"));
            };
            let keys = self.array(keys, "SCAN")?.iter().filter_map(Value::as_str);
            let keys: Vec<ScanKey> = keys.filter_map(|key| ScanKey::new(key).ok()).collect();
            let asked: Vec<Command> = keys.iter().map(ttl).collect();
            let lives = self.pipeline(&asked).await?;
            alive.extend(
                keys.into_iter()
                    .zip(lives)
                    .filter(|(_, ttl)| lives_on(ttl))
                    .map(|(key, _)| key),
            );
            cursor = next
                .as_str()
                .ok_or_else(|| self.unexpected("SCAN", "no cursor"))?
                .to_owned();
            if cursor == "0" {
                // A key that moves while we walk may be met twice.
                alive.sort();
                alive.dedup();
                return Ok(alive);
            }
        }
    }

    /// True while the scan exists and is not about to be deleted.
    pub async fn is_alive(&self, key: &ScanKey) -> Result<bool, StoreError> {
        let ttl = self.call(&ttl(key)).await?;
        Ok(lives_on(&Ok::<_, ()>(ttl)))
    }

    fn array<'a>(&self, value: &'a Value, command: &str) -> Result<&'a [Value], StoreError> {
        value
            .as_array()
            .ok_or_else(|| self.unexpected(command, "not an array"))
    }

    fn unexpected(&self, command: &str, reason: &str) -> StoreError {
        self.unexpected_reply(command, reason).into()
    }
}

fn ttl(key: &ScanKey) -> Command {
    Command::new("TTL").arg(key.as_str())
}

/// -2: no such key, -1: no end is set.
fn lives_on<E>(ttl: &Result<Value, E>) -> bool {
    let ttl = ttl.as_ref().ok().and_then(Value::as_int);
    ttl.is_some_and(|ttl| ttl == -1 || ttl > DELETED_BELOW)
}
