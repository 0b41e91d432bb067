//! The buffers between a socket and a connection.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWrite};

use crate::command::Command;
use crate::reply_scanner::{ReplyExtent, ReplyScanner};
use crate::transport::Transport;

/// What a connection reads into while nothing big is coming.
const SMALL: usize = 16 << 10;
/// The largest step by which the buffer grows ahead of data that have been announced.
const MAX_STEP: usize = 64 << 20;
/// The largest buffer that is laid out because the last reply was that large.
const MAX_AHEAD: usize = 8 << 20;

/// What was queued and not sent, what was read and not handed out.
pub(crate) struct BufferedTransport {
    io: Transport,
    out: BytesMut,
    buffer: BytesMut,
    scanner: ReplyScanner,
    /// Size of the memory that `buffer` was last given.
    block: usize,
    last_reply: usize,
    /// The least size of the reply that arrives, as far as its first lines say.
    announced: usize,
}

impl BufferedTransport {
    pub(crate) fn new(io: Transport) -> BufferedTransport {
        BufferedTransport {
            io,
            out: BytesMut::new(),
            buffer: BytesMut::new(),
            scanner: ReplyScanner::new(),
            block: 0,
            last_reply: 0,
            announced: 0,
        }
    }

    pub(crate) fn queue(&mut self, command: &Command) {
        command.encode(&mut self.out);
    }

    /// Number of bytes to send.
    pub(crate) fn unsent(&self) -> usize {
        self.out.len()
    }

    /// The next reply, if all of it has been read. The error says why it is none.
    pub(crate) fn next_reply(&mut self) -> Result<Option<Bytes>, String> {
        match self.scanner.advance(&self.buffer)? {
            ReplyExtent::Complete(len) => Ok(Some(self.take(len))),
            ReplyExtent::Need(total) => {
                self.announced = total;
                Ok(None)
            }
        }
    }

    /// Returns the least size of the reply that arrives, as far as it is known.
    pub(crate) fn announced(&self) -> usize {
        self.announced
    }

    fn take(&mut self, len: usize) -> Bytes {
        let reply = self.buffer.split_to(len).freeze();
        self.scanner = ReplyScanner::new();
        self.last_reply = len;
        self.announced = 0;
        // What is left must not keep the memory of a big reply alive, nor grow to its size.
        if self.block > SMALL && self.buffer.len() < SMALL {
            self.buffer = BytesMut::from(&self.buffer[..]);
            self.block = self.buffer.capacity();
        }
        reply
    }

    /// Makes the buffer ready for a reply that has at least `total` bytes.
    fn make_room(&mut self, total: usize) {
        let len = self.buffer.len();
        let missing = total.saturating_sub(len);
        if self.buffer.capacity() > len && self.buffer.capacity() >= total.min(len + MAX_STEP) {
            return;
        }
        // An idle connection keeps a small buffer; one that follows busy streams gets replies of
        // similar sizes and grows at once to the last one's.
        let ahead = if len < SMALL {
            SMALL
        } else {
            len.max(self.last_reply.min(MAX_AHEAD))
        };
        self.buffer.reserve(missing.max(ahead).min(MAX_STEP));
        self.block = self.buffer.capacity();
    }

    /// Reads once.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.make_room(self.announced.max(self.buffer.len() + 1));
        // `read_buf` keeps no state of its own, so a new one for each poll is the same read.
        let read = pin!(self.io.read_buf(&mut self.buffer));
        match std::task::ready!(read.poll(cx)) {
            Ok(0) => Poll::Ready(Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "closed by the server",
            ))),
            Ok(_) => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Writes once; true when all has been sent.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.out.is_empty() {
            if self.out.capacity() > MAX_AHEAD {
                self.out = BytesMut::new();
            }
            return Pin::new(&mut self.io).poll_flush(cx).map_ok(|()| true);
        }
        match Pin::new(&mut self.io).poll_write(cx, &self.out) {
            Poll::Ready(Ok(0)) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Poll::Ready(Ok(n)) => {
                self.out.advance(n);
                Poll::Ready(Ok(false))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // The server may wait until we take its replies.
            Poll::Pending => self.poll_fill(cx).map_ok(|()| false),
        }
    }
}

#[cfg(test)]
mod tests {
    use simulation::redis::{PrivateRedis, RedisModules, RedisOptions};

    use super::*;
    use crate::connection::Connection;

    #[tokio::test]
    async fn memory_of_a_big_reply_is_not_kept() {
        let options = RedisOptions::new().modules(RedisModules::None);
        let server = PrivateRedis::start(&options).await.unwrap();
        // The server's URL is of the other build of this crate, the one that the server's crate uses.
        let url = server.url().with_secrets().parse().unwrap();
        let mut connection = Connection::open(&url).await.unwrap();
        let set = Command::new("SET").arg("big").arg(vec![1; 12 << 20]);
        connection.call(&set).await.unwrap();
        let get = Command::new("GET").arg("big");
        for _ in 0..2 {
            drop(connection.call(&get).await.unwrap());
        }
        connection.call(&Command::new("PING")).await.unwrap();
        let BufferedTransport { buffer, out, .. } = connection.transport();
        assert!(buffer.capacity() <= SMALL, "{}", buffer.capacity());
        assert!(!buffer.try_reclaim(MAX_AHEAD), "a block of 8 MB is there");
        assert!(out.capacity() <= MAX_AHEAD, "{}", out.capacity());
    }
}
