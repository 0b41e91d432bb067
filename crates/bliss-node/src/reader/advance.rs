//! The steps of a reader: questions, reads, and what their replies mean.

use std::time::{Duration, Instant};

use bytes::Bytes;
use redis_client::{EntryReplyError, RedisError};

use super::collector::EventCollector;
use super::cursor::DataCursor;
use super::question::Question;
use super::read_request::ReadKind;
use super::{ReadRequest, ReaderEvent, ScanReader, ScanState};
use crate::event::EventScanner;

/// Streams that trickle are read not more often than this: each read would find one point only.
const TRICKLE: Duration = Duration::from_millis(20);

/// What a reply has.
#[derive(Debug, Default)]
struct News {
    /// Any entry.
    any: bool,
    /// As many entries of a stream as were asked for.
    full: bool,
}

impl ScanReader {
    /// Makes one step. Whatever is dropped while it waits is continued, or asked again, by the next step.
    pub(super) async fn advance(&mut self) -> Result<(), RedisError> {
        if self.is_over() {
            return Ok(());
        }
        if self.connection.is_closed() {
            self.request = None;
            self.questions.restart();
            self.connection.get().await?;
            // Nothing is known about what happened meanwhile.
            self.ask_for_life();
        }
        if self.request.is_some() {
            return self.receive().await;
        }
        self.ask_for_beginnings();
        if !self.questions.is_empty() {
            return self.ask().await;
        }
        let may_wait = self.is_trickling && !self.is_draining() && !self.is_almost_prepared();
        if let (true, Some(sent)) = (may_wait, self.sent) {
            tokio::time::sleep_until(sent + TRICKLE).await;
        }
        self.send().await
    }

    /// Waits for the answers to the questions, and uses them.
    async fn ask(&mut self) -> Result<(), RedisError> {
        let connection = self.connection.get().await?;
        self.questions.ask(connection, &self.scan.key).await?;
        self.connection.note_answer(self.scan.key.as_str());
        self.use_answers()
    }

    /// Waits for the reply to the read that was sent, and takes what is in it.
    async fn receive(&mut self) -> Result<(), RedisError> {
        // Events that are not handed out yet may have the memory for which this reply would wait.
        let reply = match self.collected.is_empty() {
            true => self.connection.receive_read().await?,
            false => self.connection.get().await?.receive_raw().await?,
        };
        self.connection.note_answer(self.scan.key.as_str());
        let Some(request) = self.request.take() else {
            return Ok(());
        };
        if reply.first() == Some(&b'-') {
            return self.refused(&reply);
        }
        self.send_ahead(&request);
        let has_news = match self.take_reply(&request, &reply) {
            Ok(has_news) => has_news,
            Err(error) => return Err(self.unexpected(error.to_string())),
        };
        self.is_caught_up = request.waits() && !has_news;
        if has_news {
            self.last_news = Instant::now();
        }
        if self.is_almost_prepared() && self.knows_all_nodes(&request) {
            self.questions.add(Question::ScanInfo);
            self.is_preparing = true;
        } else if !has_news && request.is_last && self.knows_all_nodes(&request) {
            if request.streams.len() == self.active() && !self.is_entering() {
                self.ask_for_end();
            }
        } else if !has_news && request.waits() {
            self.ask_for_life();
        }
        if !self.questions.is_empty() {
            return Ok(());
        }
        self.ready.append(&mut self.collected);
        if has_news && self.request.is_none() && !self.is_trickling && !self.is_entering() {
            // While these events are being used, Redis can prepare the next.
            self.send().await?;
        }
        Ok(())
    }

    /// Sends the next read before the reply to this one is taken, if it is about other streams: Redis can prepare it
    /// meanwhile. Nothing is waited for, because this reply must not be dropped.
    fn send_ahead(&mut self, request: &ReadRequest) {
        let has_controls = self.known_state != ScanState::Ended;
        let is_steady = self.known_state != ScanState::Created
            && self.questions.is_empty()
            && !self.is_entering()
            && self.batch_sizer.takes_halves(self.active());
        // Only one of two reads in a row can have the other streams, whose positions are not known yet.
        if !is_steady || (has_controls && request.controls == 0) {
            return;
        }
        let kind = ReadKind::Immediate;
        let next = ReadRequest::new(&self.cursors, Vec::new(), &mut self.batch_sizer, kind);
        if let Some(next) = next
            && !next.overlaps(request)
            && let Some(connection) = self.connection.current()
        {
            connection.queue(&next.command());
            connection.start_flush();
            self.request = Some(next);
            self.sent = Some(tokio::time::Instant::now());
        }
    }

    /// Sends the next read.
    async fn send(&mut self) -> Result<(), RedisError> {
        if self.is_over() {
            return Ok(());
        }
        let controls = match self.known_state {
            ScanState::Ended => Vec::new(),
            ScanState::Created | ScanState::Prepared => self.controls.positions(),
        };
        let cursors = match self.reads_data() {
            true => self.cursors.as_slice(),
            false => &[],
        };
        let kind = match (self.is_draining(), self.is_almost_prepared()) {
            (true, _) => ReadKind::Draining,
            (false, true) => ReadKind::Immediate,
            (false, false) => ReadKind::Waiting,
        };
        self.batch_sizer.set_target(self.connection.target());
        let request = ReadRequest::new(cursors, controls, &mut self.batch_sizer, kind);
        let Some(request) = request else {
            return Ok(());
        };
        let connection = self.connection.get().await?;
        connection.queue(&request.command());
        self.request = Some(request);
        self.sent = Some(tokio::time::Instant::now());
        // Sending is finished by `receive_raw` if this is dropped.
        connection.flush().await
    }

    /// Returns `true` if the data of channels are to be read. A scan that is opened late has points before we know
    /// that it is prepared, which must be reported first. A scan without that state has data all the same.
    fn reads_data(&self) -> bool {
        let is_unprepared = self.is_draining() && !self.controls.is_prepared;
        self.known_state != ScanState::Created || is_unprepared || self.is_caught_up
    }

    /// Returns `true` if the scan is prepared, and it remains to be seen that all nodes are known.
    fn is_almost_prepared(&self) -> bool {
        self.controls.is_prepared && self.known_state == ScanState::Created
    }

    /// Returns `true` if the reply to a read shows that no node is left to be announced.
    fn knows_all_nodes(&self, request: &ReadRequest) -> bool {
        let has_asked_all = request.controls == self.controls.len() || request.controls == 0;
        has_asked_all && !self.questions.is_about_nodes()
    }

    /// Takes what is in the reply to a read. Returns `true` if there was anything.
    fn take_reply(
        &mut self,
        request: &ReadRequest,
        reply: &Bytes,
    ) -> Result<bool, EntryReplyError> {
        let mut news = News::default();
        let mut events = std::mem::take(&mut self.collected);
        let mut out = EventCollector::new(reply, &mut events);
        let outcome = self.take_streams(request, reply, &mut out, &mut news);
        drop(out);
        // Positions have moved behind these events, also if the rest of the reply is broken.
        self.collected = events;
        self.note_descriptions();
        let now = Instant::now();
        self.batch_sizer
            .note(request.streams.len(), news.any, news.full, now);
        self.is_trickling = !news.full && request.is_complete;
        outcome.map(|()| news.any)
    }

    fn take_streams<'a>(
        &mut self,
        request: &ReadRequest,
        reply: &'a Bytes,
        out: &mut EventCollector<'a>,
        news: &mut News,
    ) -> Result<(), EntryReplyError> {
        let mut scanner = EventScanner::of_xread(reply)?;
        while let Some(stream) = scanner.next_stream()? {
            if stream.entries == 0 {
                continue;
            }
            news.any = true;
            news.full |= stream.entries as u64 >= request.count;
            let questions = &mut self.questions;
            if self.controls.take(stream.key, &mut scanner, questions)? {
                continue;
            }
            let place = self.places.get(stream.key).copied();
            let Some(cursor) = place.and_then(|place| self.cursors.get_mut(place)) else {
                continue;
            };
            cursor.take(&mut scanner, stream.entries, out)?;
            if cursor.is_lima()
                && let Some(description) = self.streams.get(cursor.id.0)
            {
                let key = description.key.data_ref();
                self.questions.add(Question::Images(cursor.id, key));
            }
        }
        Ok(())
    }

    /// Lets the descriptions of the streams follow their data.
    fn note_descriptions(&mut self) {
        for event in &self.collected {
            if let ReaderEvent::Described {
                stream,
                description,
            } = event
                && let Some(known) = self.streams.get_mut(stream.0)
            {
                known.description = Ok(description.clone());
            }
        }
    }

    /// Handles an error reply to a read.
    fn refused(&mut self, reply: &Bytes) -> Result<(), RedisError> {
        let server = self.connection.store().url().to_string();
        let Err(error) = super::question::answer(&server, "XREAD", reply) else {
            return Ok(());
        };
        let is_type = error
            .server_error()
            .is_some_and(|error| error.code() == "WRONGTYPE");
        if !is_type || self.has_wrong_type {
            return Err(error);
        }
        // If this does not find the key, the next read fails in the same way.
        self.has_wrong_type = true;
        for cursor in self.cursors.iter().filter(|cursor| cursor.is_active()) {
            let key = cursor.key.clone();
            self.questions.add(Question::Type(cursor.id, key));
        }
        Ok(())
    }

    /// Asks for what a stream has around the point with which it begins, if that is not the first.
    fn ask_for_beginnings(&mut self) {
        if !self.questions.is_empty() || !self.reads_data() {
            return;
        }
        for cursor in self.cursors.iter().filter(|cursor| cursor.is_entering()) {
            let key = cursor.key.clone();
            let question = Question::Inside(cursor.id, key, cursor.after.first);
            self.questions.add(question);
        }
    }

    /// Asks if the scan and its streams still exist.
    fn ask_for_life(&mut self) {
        if self.is_draining() {
            return;
        }
        self.questions.add(Question::Life);
        let active = self.cursors.iter().filter(|cursor| !cursor.ended);
        let keys = active.filter(|cursor| !cursor.vanished);
        let keys: Vec<String> = keys.map(|cursor| cursor.key.clone()).collect();
        if !keys.is_empty() {
            self.questions.add(Question::StreamCount(keys));
        }
    }

    /// Asks what must be known at the end: the last info, and which streams still exist.
    fn ask_for_end(&mut self) {
        self.questions.add(Question::ScanInfo);
        for cursor in self.cursors.iter().filter(|cursor| cursor.is_active()) {
            let key = cursor.key.clone();
            self.questions.add(Question::Stream(cursor.id, key));
        }
        self.is_ending = true;
    }

    /// Returns `true` if it is not known yet what a stream has around its first point.
    fn is_entering(&self) -> bool {
        self.cursors.iter().any(DataCursor::is_entering)
    }

    /// Returns how many streams are read.
    fn active(&self) -> usize {
        let cursors = self.cursors.iter();
        cursors.filter(|cursor| cursor.is_active()).count()
    }

    pub(super) fn unexpected(&self, reason: String) -> RedisError {
        RedisError::Unexpected {
            server: self.connection.store().url().to_string(),
            command: "XREAD".to_owned(),
            reason,
        }
    }
}
