//! Waits for replies, and for the memory that large ones need.

use std::future::poll_fn;

use bytes::Bytes;

use super::Connection;
use crate::error::RedisError;
use crate::reply_memory::ReplyShare;

impl Connection {
    /// Waits for the next reply that is due, flushing first, and hands it out undecoded (also
    /// an error reply).
    pub async fn receive_raw(&mut self) -> Result<Bytes, RedisError> {
        self.receive_covered(None).await
    }

    /// Waits for the next reply as [`receive_raw`](Self::receive_raw) does, and takes it into memory when there is room
    /// for it: a reply that is larger than `share` may wait for other large ones, on the server. Time that passes so is
    /// not the server's. The memory counts as taken until the last part of the reply is dropped.
    ///
    /// # Errors
    /// As for [`receive_raw`](Self::receive_raw).
    pub async fn receive_raw_within(
        &mut self,
        share: &mut ReplyShare,
    ) -> Result<Bytes, RedisError> {
        let received = self.receive_covered(Some(share)).await;
        match received {
            Ok(reply) => Ok(share.attach(reply)),
            Err(error) => {
                share.give_up();
                Err(error)
            }
        }
    }

    async fn receive_covered(
        &mut self,
        mut share: Option<&mut ReplyShare>,
    ) -> Result<Bytes, RedisError> {
        loop {
            if let Some(reply) = self.buffered_reply()? {
                return Ok(reply);
            }
            if self.outstanding() == 0 {
                return Err(self.unexpected("nothing", "no reply is due"));
            }
            if self.transport.unsent() > 0 {
                self.flush().await?;
                continue;
            }
            if let Some(share) = &mut share {
                share.cover(self.transport.announced() as u64).await;
            }
            let limit = self.clock.reply_limit();
            let read = poll_fn(|cx| self.transport.poll_fill(cx));
            let outcome = self.clock.wait(limit, read).await;
            match outcome {
                Ok(Ok(())) => {
                    self.clock.heard();
                    if let Some(meter) = &mut self.meter {
                        meter.answering();
                    }
                }
                Ok(Err(source)) => return Err(self.lost(source)),
                Err(_) => return Err(self.timeout_error(limit)),
            }
        }
    }

    pub(super) fn buffered_reply(&mut self) -> Result<Option<Bytes>, RedisError> {
        self.check_usable()?;
        if self.outstanding() == 0 {
            return Ok(None);
        }
        match self.transport.next_reply() {
            Ok(None) => Ok(None),
            Ok(Some(reply)) => {
                self.clock.received();
                if let Some(meter) = &mut self.meter {
                    meter.received(reply.len());
                }
                Ok(Some(reply))
            }
            Err(reason) => Err(self.unintelligible(reason)),
        }
    }
}
