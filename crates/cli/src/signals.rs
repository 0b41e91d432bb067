//! Signals: the first requests a stop, the second an abort. Neither takes longer than a minute.

use std::future::{pending, poll_fn};
use std::io;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use hub::Event;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep_until};
use tracing::{error, info, warn};

use crate::exit;
use crate::line_queue;

/// The times of `nexus-writer` and `NexusSessionWriter`. Supervisors wait at least 60 s before they kill a process
/// that has been told to stop, if that is configured as README.md says.
const STOP_LIMITS: StopLimits = StopLimits {
    abort: Duration::from_secs(55),
    exit: Duration::from_secs(59),
};

/// How long the end waits for the last log lines if the process did not end in order.
const FLUSH_TIME: Duration = Duration::from_secs(1);

/// What happens how long after the first signal, if the process is still there.
#[derive(Clone, Copy)]
struct StopLimits {
    /// The same as with a second signal: files are flushed and closed, and nothing else is waited for.
    abort: Duration,
    /// The process exits, because even files cannot be closed.
    exit: Duration,
}

/// Stop and abort requests by signals.
#[derive(Clone)]
pub struct Interrupts {
    /// Sent by the first signal: start nothing new, and finish what was begun.
    pub stop_requested: Event,
    /// Sent by the second signal, or when the stop takes too long: flush and close the files, and exit.
    pub abort_requested: Event,
}

impl Interrupts {
    /// Listens to SIGINT, SIGTERM, SIGQUIT and SIGHUP from now on. A SIGHUP that is ignored, as `nohup` has it,
    /// stays ignored. The process exits at the latest 60 s after the first signal.
    pub fn listen() -> io::Result<Interrupts> {
        let mut kinds = vec![
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::quit(),
        ];
        if !ignores(SignalKind::hangup()) {
            kinds.push(SignalKind::hangup());
        }
        Interrupts::start(&kinds, Some(STOP_LIMITS))
    }

    /// Listens to signals in a Tango server. SIGQUIT, which would kill the server, ends it like SIGINT, and
    /// SIGHUP, which a closing terminal sends, does nothing. Must be called in a greenlet.
    #[cfg(feature = "tango")]
    pub fn listen_in_server() -> io::Result<Interrupts> {
        let mut hangup = signal(SignalKind::hangup())?;
        hub::spawn(async move {
            while hangup.recv().await.is_some() {
                info!("a hang-up does not end the server");
            }
        })
        .detach();
        let kinds = [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::quit(),
        ];
        Interrupts::start(&kinds, None)
    }

    /// Starts a thread that does nothing else, so that signals count whatever the others wait for.
    fn start(kinds: &[SignalKind], limits: Option<StopLimits>) -> io::Result<Interrupts> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let mut signals = {
            let _runtime = runtime.enter();
            let signals = kinds.iter().map(|kind| signal(*kind));
            signals.collect::<io::Result<Vec<_>>>()?
        };
        let interrupts = Interrupts::new();
        let sender = interrupts.clone();
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                let next = async || wait_for_any(&mut signals).await;
                runtime.block_on(sender.supervise(next, limits));
                line_queue::flush_all(FLUSH_TIME);
                exit_now(exit::FAILED);
            })?;
        Ok(interrupts)
    }

    fn new() -> Interrupts {
        Interrupts {
            stop_requested: Event::new(),
            abort_requested: Event::new(),
        }
    }

    /// Sends the requests. Returns when the process must exit.
    async fn supervise(&self, mut next_signal: impl AsyncFnMut(), limits: Option<StopLimits>) {
        next_signal().await;
        info!("finishing; another signal aborts at once");
        self.stop_requested.send();
        let stopped = Instant::now();
        tokio::select! {
            () = next_signal() => info!("aborting"),
            () = wait_until(stopped, limits.map(|limits| limits.abort)) => {
                warn!("not finished {:.0?} after the signal: aborting", stopped.elapsed());
            }
        }
        self.abort_requested.send();
        wait_until(stopped, limits.map(|limits| limits.exit)).await;
        error!(
            "not even aborted {:.0?} after the signal: leaving the files as they are",
            stopped.elapsed()
        );
    }
}

/// Waits until this long after `begin`; for ever if there is no limit.
async fn wait_until(begin: Instant, limit: Option<Duration>) {
    match limit {
        Some(limit) => sleep_until(begin + limit).await,
        None => pending().await,
    }
}

/// Exits without what a process does at its end: HDF5 would try to close the files.
fn exit_now(code: u8) -> ! {
    // SAFETY: `_exit` has no preconditions. Other threads may be in the middle of anything, but none of them runs
    // any more afterwards, nor any destructor that would see their state.
    unsafe { libc::_exit(code.into()) }
}

/// Returns `true` if the parent of this process has set it to ignore the signal.
fn ignores(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 << (kind.as_raw_value() - 1) != 0)
}

async fn wait_for_any(signals: &mut [Signal]) {
    poll_fn(|context| {
        // All signals are polled, so that each of them wakes this task.
        let came = |signal: &mut Signal| signal.poll_recv(context).is_ready();
        match signals.iter_mut().map(came).filter(|came| *came).count() {
            0 => Poll::Pending,
            _ => Poll::Ready(()),
        }
    })
    .await;
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
    use tokio::task::{JoinHandle, LocalSet, spawn_local};
    use tokio::time::timeout;

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);
    const LIMITS: StopLimits = StopLimits {
        abort: Duration::from_secs(5),
        exit: Duration::from_secs(7),
    };

    /// Returns a sender of signals, and the task that handles them.
    fn supervised(
        interrupts: &Interrupts,
        limits: Option<StopLimits>,
    ) -> (UnboundedSender<()>, JoinHandle<()>) {
        let (sender, mut signals) = unbounded_channel();
        let interrupts = interrupts.clone();
        let task = spawn_local(async move {
            let next = async || match signals.recv().await {
                Some(()) => {}
                None => pending().await,
            };
            interrupts.supervise(next, limits).await;
        });
        (sender, task)
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_that_hangs_is_aborted_and_then_left() {
        let test = async {
            let interrupts = Interrupts::new();
            let (signals, task) = supervised(&interrupts, Some(LIMITS));
            assert!(
                timeout(DAY, interrupts.stop_requested.wait())
                    .await
                    .is_err()
            );
            signals.send(()).unwrap();
            interrupts.stop_requested.wait().await;
            let begin = Instant::now();
            interrupts.abort_requested.wait().await;
            assert_eq!(begin.elapsed(), LIMITS.abort);
            task.await.unwrap();
            assert_eq!(begin.elapsed(), LIMITS.exit);
        };
        LocalSet::new().run_until(test).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_signal_aborts_at_once() {
        let test = async {
            let interrupts = Interrupts::new();
            let (signals, task) = supervised(&interrupts, Some(LIMITS));
            let begin = Instant::now();
            signals.send(()).unwrap();
            signals.send(()).unwrap();
            interrupts.abort_requested.wait().await;
            assert!(begin.elapsed() < Duration::from_secs(1));
            task.await.unwrap();
            assert!(begin.elapsed() >= LIMITS.exit);
        };
        LocalSet::new().run_until(test).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_has_no_limit() {
        let test = async {
            let interrupts = Interrupts::new();
            let (signals, task) = supervised(&interrupts, None);
            signals.send(()).unwrap();
            interrupts.stop_requested.wait().await;
            assert!(
                timeout(DAY, interrupts.abort_requested.wait())
                    .await
                    .is_err()
            );
            signals.send(()).unwrap();
            interrupts.abort_requested.wait().await;
            assert!(timeout(DAY, task).await.is_err());
        };
        LocalSet::new().run_until(test).await;
    }

    #[test]
    fn every_end_comes_within_a_minute() {
        assert!(STOP_LIMITS.abort < STOP_LIMITS.exit);
        assert!(STOP_LIMITS.exit + FLUSH_TIME <= Duration::from_secs(60));
    }
}
