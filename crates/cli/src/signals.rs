//! Signals, which are caught from the beginning of `main`: the first requests a stop, the second an abort. Neither
//! takes longer than a minute.

mod caught;

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use hub::Event;
use nix::sys::signal::{SigSet, Signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::low_level::emulate_default_handler;
use tokio::net;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};
use tracing::{error, info, warn};

use crate::exit;
use crate::line_queue;
use caught::{CaughtSignal, ignores, next_signals};

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

/// Signals that are caught, before it is known what they mean for the command.
pub struct CaughtSignals {
    /// Set as soon as SIGHUP comes.
    hung_up: Arc<AtomicBool>,
    /// Set as soon as another signal comes.
    came: Arc<AtomicBool>,
    meaning: oneshot::Sender<Meaning>,
    interrupts: Interrupts,
}

/// What signals mean for a command.
enum Meaning {
    /// They end it in order.
    End {
        limits: Option<StopLimits>,
        /// SIGHUP does so, too.
        by_hangup: bool,
    },
    /// They do what they do in any process.
    Default,
}

impl CaughtSignals {
    /// Catches SIGINT, SIGTERM, SIGQUIT and SIGHUP. A SIGHUP that is ignored, as `nohup` has it, stays ignored.
    ///
    /// Must come before anything else in `main`: a command that ends in order must do so from its beginning. A
    /// thread that does nothing else receives the signals, so that they count whatever the others wait for.
    pub fn catch() -> io::Result<CaughtSignals> {
        let (hung_up, came) = (Arc::default(), Arc::default());
        let mut signals = Vec::new();
        // A signal that came while its handler is registered would be lost, so it waits until then.
        let blocked = [
            Signal::SIGTERM,
            Signal::SIGINT,
            Signal::SIGQUIT,
            Signal::SIGHUP,
        ];
        let blocked: SigSet = blocked.into_iter().collect();
        blocked.thread_block()?;
        for number in [SIGTERM, SIGINT, SIGQUIT, SIGHUP] {
            if number != SIGHUP {
                signals.push(CaughtSignal::catch(number, &came)?);
            } else if !ignores(number) {
                signals.push(CaughtSignal::catch(number, &hung_up)?);
            }
        }
        blocked.thread_unblock()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (sender, meaning) = oneshot::channel();
        let interrupts = Interrupts::new();
        let supervisor = interrupts.clone();
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                let handled = runtime.block_on(async {
                    let signals = signals.into_iter().map(CaughtSignal::listen);
                    let signals = signals.collect::<io::Result<Vec<_>>>()?;
                    match meaning.await {
                        Ok(Meaning::End { limits, by_hangup }) => {
                            let next = async || wait_for_any(&signals, by_hangup).await;
                            supervisor.supervise(next, limits).await;
                        }
                        // Without a meaning, the process is about to exit.
                        Ok(Meaning::Default) | Err(_) => act_by_default(&signals).await,
                    }
                    Ok::<_, io::Error>(())
                });
                if let Err(error) = handled {
                    error!("signals cannot be received: {error}");
                }
                line_queue::flush_all(FLUSH_TIME);
                exit_now(exit::FAILED);
            })?;
        Ok(CaughtSignals {
            hung_up,
            came,
            meaning: sender,
            interrupts,
        })
    }

    /// Returns `true` if a signal has come that ends every command.
    pub fn have_come(&self) -> bool {
        self.came.load(Ordering::SeqCst)
    }

    /// Returns `true` if SIGHUP has come.
    pub fn have_hung_up(&self) -> bool {
        self.hung_up.load(Ordering::SeqCst)
    }

    /// Lets the first signal request a stop, and the second one an abort. The process exits at the latest 60 s
    /// after the first one.
    pub fn end_in_order(self) -> Interrupts {
        self.mean(Meaning::End {
            limits: Some(STOP_LIMITS),
            by_hangup: true,
        })
    }

    /// Lets signals end a Tango server in order. SIGQUIT ends it like SIGINT, and SIGHUP, which a closing
    /// terminal sends, does nothing.
    #[cfg(feature = "tango")]
    pub fn end_server(self) -> Interrupts {
        self.mean(Meaning::End {
            limits: None,
            by_hangup: false,
        })
    }

    /// Lets signals end the process at once. One that has come does so now.
    pub fn end_at_once(self) {
        self.mean(Meaning::Default);
    }

    fn mean(self, meaning: Meaning) -> Interrupts {
        if self.meaning.send(meaning).is_err() {
            error!("signals have no effect: their thread has ended");
        }
        self.interrupts
    }
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

/// Waits for a signal that ends the command.
async fn wait_for_any(signals: &[CaughtSignal<net::UnixStream>], by_hangup: bool) {
    loop {
        let came = next_signals(signals).await;
        if by_hangup || came.iter().any(|number| *number != SIGHUP) {
            return;
        }
        info!("a hang-up does not end the server");
    }
}

/// Does with each signal what it does in a process that does not catch it.
async fn act_by_default(signals: &[CaughtSignal<net::UnixStream>]) {
    loop {
        for number in next_signals(signals).await {
            if let Err(error) = emulate_default_handler(number) {
                error!("signal {number} has no effect: {error}");
            }
        }
    }
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
