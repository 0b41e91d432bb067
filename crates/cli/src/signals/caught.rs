//! Single signals that are caught.

use std::future::poll_fn;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll};

use libc::c_int;
use signal_hook::flag;
use signal_hook::low_level::pipe;
use tokio::net;

/// Waits for signals. Returns their numbers.
pub async fn next_signals(signals: &[CaughtSignal<net::UnixStream>]) -> Vec<c_int> {
    poll_fn(|context| {
        // All signals are polled, so that each of them wakes this task.
        let came = signals.iter().filter(|signal| signal.has_come(context));
        let came: Vec<c_int> = came.map(|signal| signal.number).collect();
        match came.is_empty() {
            true => Poll::Pending,
            false => Poll::Ready(came),
        }
    })
    .await
}

/// Returns `true` if the parent of this process has set it to ignore the signal.
pub fn ignores(signal: c_int) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 << (signal - 1) != 0)
}

/// A signal, and where its handler reports that it has come.
pub struct CaughtSignal<S> {
    number: c_int,
    reports: S,
}

impl CaughtSignal<UnixStream> {
    /// Catches a signal from now on. `came` is set as soon as it comes.
    pub fn catch(number: c_int, came: &Arc<AtomicBool>) -> io::Result<CaughtSignal<UnixStream>> {
        let (reports, handler) = UnixStream::pair()?;
        pipe::register(number, handler)?;
        flag::register(number, came.clone())?;
        Ok(CaughtSignal { number, reports })
    }

    /// Prepares for waiting in this runtime.
    pub fn listen(self) -> io::Result<CaughtSignal<net::UnixStream>> {
        self.reports.set_nonblocking(true)?;
        Ok(CaughtSignal {
            number: self.number,
            reports: net::UnixStream::from_std(self.reports)?,
        })
    }
}

impl CaughtSignal<net::UnixStream> {
    /// Returns `true` if the signal has come since the last call, or else wakes the task when it comes.
    fn has_come(&self, context: &mut Context) -> bool {
        let mut has_come = false;
        while self.reports.poll_read_ready(context).is_ready() {
            match self.reports.try_read(&mut [0; 64]) {
                Ok(1..) => has_come = true,
                // The kernel says next that there is nothing to read yet.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // The handler lives as long as the process.
                Ok(0) | Err(_) => break,
            }
        }
        has_come
    }
}
