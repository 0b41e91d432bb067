//! The steps of a reader: a read, what must be done before the next, and what its reply means.

use std::time::Duration;

use redis_client::RedisError;

use super::ScanReader;
use super::read_request::ReadRequest;
use crate::document::ScanState;

/// Streams that trickle are read not more often than this: each read would find one point only.
const TRICKLE: Duration = Duration::from_millis(20);

impl ScanReader {
    /// Makes one step. Whatever is dropped while it waits is asked again by the next step.
    pub(super) async fn advance(&mut self) -> Result<(), RedisError> {
        if self.is_over() {
            return Ok(());
        }
        let Some(request) = &self.request else {
            return self.ask().await;
        };
        let draining = request.draining;
        let reply = self.connection.receive_read().await?;
        self.connection.note_answer(&self.document.key);
        let Some(request) = self.request.take() else {
            return Ok(());
        };
        self.send_ahead(&request);
        let waited = request.waits();
        let news = self.parse_reply(request, &reply)?;
        self.caught_up = waited && !news;
        if self.request.is_some() {
            return Ok(());
        }
        if !news && waited && !draining {
            self.check_life().await?;
        }
        self.catch_up().await?;
        if news && !self.trickles {
            // While these events are being used, Redis can prepare the next.
            self.send().await?;
        }
        Ok(())
    }

    /// Does what must be done between reads, then sends the next one.
    async fn ask(&mut self) -> Result<(), RedisError> {
        if self.connection.get().await?.outstanding() > 0 {
            self.connection.drop_current();
            self.connection.get().await?;
        }
        if self.connection.is_new {
            self.check_life().await?;
            self.connection.is_new = false;
        }
        self.catch_up().await?;
        if self.wrong_type {
            self.find_wrong_types().await?;
        }
        self.enter_batches().await?;
        if !self.ready.is_empty() || self.is_over() {
            return Ok(());
        }
        if let (true, Some(sent)) = (self.trickles && !self.draining(), self.sent) {
            tokio::time::sleep_until(sent + TRICKLE).await;
        }
        self.send().await
    }

    /// Sends the next read, unless something else comes first.
    async fn send(&mut self) -> Result<(), RedisError> {
        if self.is_over() || self.wrong_type || self.is_inside() {
            return Ok(());
        }
        let states = (self.state < ScanState::Closed && !self.blind)
            .then_some((self.document.state_stream.as_str(), self.position));
        let draining = self.draining();
        self.batch_sizer.set_target(self.connection.target());
        let request = ReadRequest::new(&self.cursors, states, &mut self.batch_sizer, draining);
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

    /// Sends the next read before the reply to this one is parsed, if it is about other streams: Redis can prepare
    /// it meanwhile. Nothing is waited for, because this reply must not be dropped.
    fn send_ahead(&mut self, request: &ReadRequest) {
        let has_states = self.state < ScanState::Closed && !self.blind;
        let is_steady = self.seen.is_none()
            && !self.wrong_type
            && !self.is_inside()
            && self.batch_sizer.takes_halves(self.active());
        // Only one of two reads in a row can have the states, whose position is not known yet.
        if !is_steady || (has_states && !request.has_states) {
            return;
        }
        let draining = self.draining();
        let next = ReadRequest::new(&self.cursors, None, &mut self.batch_sizer, draining);
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

    /// Returns `true` if it is not known yet what a stream has around its first point.
    fn is_inside(&self) -> bool {
        let mut cursors = self.cursors.iter();
        cursors.any(|cursor| cursor.inside && !cursor.ended)
    }

    /// Returns how many streams are read.
    fn active(&self) -> usize {
        self.cursors.iter().filter(|cursor| !cursor.ended).count()
    }
}
