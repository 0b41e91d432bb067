//! What a reader asks between its reads.

use bytes::Bytes;
use redis_client::{Command, Connection, RedisError, Value};

use super::event::StreamId;
use crate::key::NodeKey;
use crate::node::{NodeIdentity, NodeInfo};

/// A question, which is one command.
#[derive(Debug, Clone)]
pub(super) enum Question {
    /// What is the node that was announced?
    Node(NodeKey),
    /// What is the info of the node of the question before?
    NodeInfo(NodeKey),
    /// What is the info of the scan?
    ScanInfo,
    /// Does the scan exist?
    Life,
    /// How many of the streams that are followed exist?
    StreamCount(Vec<String>),
    /// Does this stream exist?
    Stream(StreamId, String),
    /// What holds the point before that entry?
    Inside(StreamId, String, u64),
    /// What are the saving parameters of a detector?
    Images(StreamId, String),
    /// Is this the key of a stream?
    Type(StreamId, String),
}

impl Question {
    /// Returns `true` if an error is an answer: the key may not be one of a stream.
    fn may_be_refused(&self) -> bool {
        matches!(self, Question::Type(..) | Question::Inside(..))
    }

    fn command(&self, scan: &NodeKey) -> Command {
        let last = |key: &str, end: &str| {
            let command = Command::new("XREVRANGE").arg(key);
            command.args([end, "-", "COUNT", "1"])
        };
        match self {
            Question::Node(key) => NodeIdentity::command(key),
            Question::NodeInfo(key) => NodeInfo::command(key),
            Question::ScanInfo => NodeInfo::command(scan),
            // Each of them may be evicted while the scan runs.
            Question::Life => {
                let command = Command::new("EXISTS").arg(scan.as_str());
                command.arg(scan.info()).arg(scan.end())
            }
            Question::StreamCount(keys) => Command::new("EXISTS").args(keys),
            Question::Stream(_, key) => Command::new("EXISTS").arg(key),
            Question::Inside(_, key, entry) => last(key, &entry.to_string()),
            Question::Images(_, key) => Command::new("LINDEX").arg(key).arg("0"),
            Question::Type(_, key) => last(key, "+"),
        }
    }
}

/// Questions whose answers are needed all together. They are asked again on a new connection.
#[derive(Debug, Default)]
pub(super) struct Questions {
    questions: Vec<Question>,
    is_sent: bool,
    answers: Vec<Bytes>,
}

impl Questions {
    pub fn is_empty(&self) -> bool {
        self.questions.is_empty()
    }

    /// Returns `true` if nodes were announced that are not known yet.
    pub fn is_about_nodes(&self) -> bool {
        let mut questions = self.questions.iter();
        questions.any(|question| matches!(question, Question::Node(_)))
    }

    pub fn add(&mut self, question: Question) {
        self.questions.push(question);
    }

    /// Forgets what was sent on a connection that is closed.
    pub fn restart(&mut self) {
        self.is_sent = false;
        self.answers.clear();
    }

    /// Waits for all answers. Cancel-safe.
    pub async fn ask(
        &mut self,
        connection: &mut Connection,
        scan: &NodeKey,
    ) -> Result<(), RedisError> {
        if !self.is_sent {
            for question in &self.questions {
                connection.queue(&question.command(scan));
            }
            self.is_sent = true;
        }
        while self.answers.len() < self.questions.len() {
            self.answers.push(connection.receive_raw().await?);
        }
        // None of the answers is used unless all can be: what is asked again must not be half known.
        for (question, reply) in self.questions.iter().zip(&self.answers) {
            if reply.first() == Some(&b'-') && !question.may_be_refused() {
                answer(connection.server(), question.command(scan).name(), reply)?;
            }
        }
        Ok(())
    }

    /// Returns the questions with their answers, when all of them are there.
    pub fn take(&mut self) -> Vec<(Question, Bytes)> {
        let questions = std::mem::take(self);
        questions
            .questions
            .into_iter()
            .zip(questions.answers)
            .collect()
    }
}

/// Decodes the answer to a question.
///
/// # Errors
/// If the answer is an error of the server.
pub(super) fn answer(server: &str, command: &str, reply: &Bytes) -> Result<Value, RedisError> {
    match Value::decode(reply) {
        Ok(Value::Error(source)) => Err(RedisError::Server {
            server: server.to_owned(),
            command: command.to_owned(),
            source,
        }),
        Ok(value) => Ok(value),
        Err(reason) => Err(RedisError::Unexpected {
            server: server.to_owned(),
            command: command.to_owned(),
            reason,
        }),
    }
}
