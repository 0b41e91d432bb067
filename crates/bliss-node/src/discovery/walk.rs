//! The steps of a discovery: the time of the server, a search for sessions, reads, and what the children are.

use std::time::Duration;

use redis_client::{Command, EntryId, RedisError, Value};
use tokio::time::Instant;

use super::containers::{Child, Progress};
use super::{
    EMPTY_SEARCH_INTERVAL, FoundScan, Position, SESSION_SEARCH_INTERVAL, ScanDiscovery, Scope,
};
use crate::node::{NodeIdentity, NodeType, NodeVersion};
use crate::store::SessionSearch;

/// Longest wait of one read.
const BLOCK: Duration = Duration::from_secs(1);
/// Children about which is asked at once.
const CHILDREN_PER_QUESTION: usize = 500;

/// What is being waited for.
#[derive(Debug)]
pub(super) enum Step {
    /// Nothing.
    Begin,
    /// The time of the server, which is asked before anything else: all that is not in the next answers is younger.
    Time,
    /// A step of a search for sessions that began at this time.
    Searching { search: SessionSearch, began: u64 },
    /// A read of all containers, sent at this time or later.
    Reading { time: u64 },
    /// What the children are that were announced.
    Asking(Box<Asking>),
}

/// Children of which it is asked what they are.
#[derive(Debug)]
pub(super) struct Asking {
    children: Vec<Child>,
    progress: Vec<Progress>,
    /// What is known of the children, in their order.
    answers: Vec<Answer>,
    /// Children about which was asked.
    asked: usize,
    /// The first of the two answers about the next child.
    identity: Option<Value>,
}

/// What is known of a child.
#[derive(Debug)]
struct Answer {
    node: Option<NodeIdentity>,
    has_children: bool,
}

impl ScanDiscovery {
    /// Makes one step. Whatever is dropped while it waits is continued by the next step.
    pub(super) async fn advance(&mut self, deadline: Instant) -> Result<(), RedisError> {
        if self.connection.is_closed() {
            self.step = Step::Begin;
        }
        self.connection.get().await?;
        match &mut self.step {
            Step::Begin => {
                let connection = self.connection.get().await?;
                connection.queue(&Command::new("TIME"));
                self.step = Step::Time;
                Ok(())
            }
            Step::Time => self.take_time(deadline).await,
            Step::Searching { .. } => self.take_sessions().await,
            Step::Reading { .. } => self.take_children().await,
            Step::Asking(_) => self.take_answers().await,
        }
    }

    async fn receive(&mut self, command: &str) -> Result<Value, RedisError> {
        let connection = self.connection.get().await?;
        let server = connection.server().to_owned();
        let reply = connection.receive().await?;
        self.connection.note_answer("search for scans");
        reply.map_err(|source| RedisError::Server {
            server,
            command: command.to_owned(),
            source,
        })
    }

    async fn take_time(&mut self, deadline: Instant) -> Result<(), RedisError> {
        let reply = self.receive("TIME").await?;
        let time = milliseconds(&reply).ok_or_else(|| self.unexpected("TIME", "no time"))?;
        if self.start.is_none() {
            // The entry of that millisecond which may be written after this answer is new.
            let after = EntryId {
                first: time.saturating_sub(1),
                second: u64::MAX,
            };
            self.begin_after(Position::at(after));
        }
        if self.scope == Scope::AllSessions && Instant::now() >= self.next_search {
            let search = SessionSearch::new();
            let connection = self.connection.get().await?;
            connection.queue(&search.command());
            let began = time;
            self.step = Step::Searching { search, began };
            return Ok(());
        }
        self.read(time, deadline).await
    }

    async fn take_sessions(&mut self) -> Result<(), RedisError> {
        let reply = self.receive("SCAN").await?;
        let Step::Searching { search, began } = &mut self.step else {
            return Ok(());
        };
        let (sessions, began) = (search.take(&reply), *began);
        if search.is_complete() {
            self.searched = began;
            // The first scan of a session may follow it at once, and its streams are short.
            let interval = match self.containers.is_empty() && sessions.is_empty() {
                true => EMPTY_SEARCH_INTERVAL,
                false => SESSION_SEARCH_INTERVAL,
            };
            self.next_search = Instant::now() + interval;
            self.step = Step::Begin;
        } else {
            let command = search.command();
            self.connection.get().await?.queue(&command);
        }
        for session in sessions {
            self.add_container(session);
        }
        Ok(())
    }

    /// Sends a read of all containers.
    async fn read(&mut self, time: u64, deadline: Instant) -> Result<(), RedisError> {
        let mut limit = deadline
            .saturating_duration_since(Instant::now())
            .min(BLOCK);
        if self.scope == Scope::AllSessions {
            limit = limit.min(self.next_search.saturating_duration_since(Instant::now()));
        }
        if self.containers.is_empty() {
            self.step = Step::Begin;
            self.complete_until = time;
            tokio::time::sleep(limit).await;
            return Ok(());
        }
        // 0 would mean to wait without end.
        let block = self.has_read_all().then_some(limit.as_millis() as u64);
        let command = self.read_command(block.map(|block| block.max(1)));
        self.connection.get().await?.queue(&command);
        self.step = Step::Reading { time };
        Ok(())
    }

    async fn take_children(&mut self) -> Result<(), RedisError> {
        let connection = self.connection.get().await?;
        let reply = connection.receive_raw().await?;
        self.connection.note_answer("search for scans");
        let Step::Reading { time } = self.step else {
            return Ok(());
        };
        self.step = Step::Begin;
        if reply.first() == Some(&b'-') {
            let decoded = Value::decode(&reply);
            let Ok(Value::Error(source)) = decoded else {
                return Err(self.unexpected("XREAD", "half an error"));
            };
            let server = self.connection.store().url().to_string();
            let command = "XREAD".to_owned();
            return Err(RedisError::Server {
                server,
                command,
                source,
            });
        }
        let found = self.children(&reply);
        let found = found.map_err(|error| self.unexpected("XREAD", &error.to_string()))?;
        if found.children.is_empty() {
            let is_complete = found.progress.is_empty();
            self.commit(found.progress);
            if is_complete && self.has_read_all() {
                self.complete_until = time;
            }
            return Ok(());
        }
        let mut asking = Asking {
            children: found.children,
            progress: found.progress,
            answers: Vec::new(),
            asked: 0,
            identity: None,
        };
        let connection = self.connection.get().await?;
        for command in asking.next_questions() {
            connection.queue(&command);
        }
        self.step = Step::Asking(Box::new(asking));
        Ok(())
    }

    async fn take_answers(&mut self) -> Result<(), RedisError> {
        loop {
            let Step::Asking(asking) = &mut self.step else {
                return Ok(());
            };
            if asking.answers.len() == asking.children.len() {
                break;
            }
            if asking.answers.len() == asking.asked {
                let connection = self.connection.get().await?;
                for command in asking.next_questions() {
                    connection.queue(&command);
                }
            }
            let is_identity = asking.identity.is_none();
            let reply = self.receive("HMGET or EXISTS").await?;
            let Step::Asking(asking) = &mut self.step else {
                return Ok(());
            };
            if is_identity {
                asking.identity = Some(reply);
            } else {
                asking.note(&reply);
            }
        }
        if let Step::Asking(asking) = std::mem::replace(&mut self.step, Step::Begin) {
            let Asking {
                children,
                progress,
                answers,
                ..
            } = *asking;
            self.commit(progress);
            for (child, answer) in children.into_iter().zip(answers) {
                self.take_child(child, answer);
            }
        }
        Ok(())
    }

    /// Follows a container, or hands out a scan.
    fn take_child(&mut self, child: Child, answer: Answer) {
        let Child { key, entry, is_new } = child;
        let Some(node) = answer.node else {
            // Redis evicts the keys of a node one by one, and nobody reads identities again. What such a container
            // announces is still found.
            if answer.has_children {
                self.add_container(key);
            }
            return;
        };
        if let NodeVersion::Other(found) = node.version {
            tracing::warn!(%key, found, "a node has an unknown version of the data model");
            return;
        }
        let node_type = node.node_type;
        if node_type.is_scan() {
            if is_new {
                self.ready.push(FoundScan {
                    key,
                    node_type,
                    announced: entry,
                });
            }
        } else if matches!(node_type, NodeType::Container) {
            self.add_container(key);
        }
    }

    fn unexpected(&self, command: &str, reason: &str) -> RedisError {
        RedisError::Unexpected {
            server: self.connection.store().url().to_string(),
            command: command.to_owned(),
            reason: reason.to_owned(),
        }
    }
}

impl Asking {
    /// Returns the next questions, after those that are answered.
    fn next_questions(&mut self) -> Vec<Command> {
        let begin = self.asked;
        self.asked = self.children.len().min(begin + CHILDREN_PER_QUESTION);
        let questions = self.children[begin..self.asked].iter().map(|child| {
            let exists = Command::new("EXISTS").arg(child.key.children());
            [NodeIdentity::command(&child.key), exists]
        });
        questions.flatten().collect()
    }

    /// Notes the second answer about a child.
    fn note(&mut self, exists: &Value) {
        if let (Some(identity), Some(child)) =
            (self.identity.take(), self.children.get(self.answers.len()))
        {
            self.answers.push(Answer {
                node: NodeIdentity::of_reply(&child.key, &identity),
                has_children: exists.as_int() == Some(1),
            });
        }
    }
}

/// Returns the time in a reply of `TIME`.
fn milliseconds(reply: &Value) -> Option<u64> {
    let [seconds, microseconds] = reply.as_array()? else {
        return None;
    };
    let seconds = u64::try_from(seconds.as_int()?).ok()?;
    let microseconds = u64::try_from(microseconds.as_int()?).ok()?;
    seconds.checked_mul(1000)?.checked_add(microseconds / 1000)
}
