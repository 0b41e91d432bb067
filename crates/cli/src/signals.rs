//! Signals: the first requests a stop, the second an abort.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use hub::Event;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::info;

/// Stop and abort requests by signals.
#[derive(Clone)]
pub struct Interrupts {
    /// Sent by the first signal: start nothing new, and finish what was begun.
    pub stop_requested: Event,
    /// Sent by the second signal: flush and close the files, and exit.
    pub abort_requested: Event,
}

impl Interrupts {
    /// Listens to SIGINT and SIGTERM from now on. Must be called in a greenlet.
    pub fn listen() -> io::Result<Interrupts> {
        Ok(Interrupts::from_signals(vec![
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        ]))
    }

    /// Listens to signals in a Tango server. SIGQUIT, which would kill the server, ends it like SIGINT, and
    /// SIGHUP, which a closing terminal sends, does nothing.
    #[cfg(feature = "tango")]
    pub fn listen_in_server() -> io::Result<Interrupts> {
        let mut hangup = signal(SignalKind::hangup())?;
        hub::spawn(async move {
            while hangup.recv().await.is_some() {
                info!("a hang-up does not end the server");
            }
        })
        .detach();
        Ok(Interrupts::from_signals(vec![
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::quit())?,
        ]))
    }

    fn from_signals(mut signals: Vec<Signal>) -> Interrupts {
        let interrupts = Interrupts {
            stop_requested: Event::new(),
            abort_requested: Event::new(),
        };
        let sender = interrupts.clone();
        hub::spawn(async move {
            wait_for_any(&mut signals).await;
            info!("finishing; another signal aborts at once");
            sender.stop_requested.send();
            wait_for_any(&mut signals).await;
            info!("aborting");
            sender.abort_requested.send();
        })
        .detach();
        interrupts
    }
}

async fn wait_for_any(signals: &mut [Signal]) {
    poll_fn(|context| {
        // All signals are polled, so that each of them wakes this greenlet.
        let came = |signal: &mut Signal| signal.poll_recv(context).is_ready();
        match signals.iter_mut().map(came).filter(|came| *came).count() {
            0 => Poll::Pending,
            _ => Poll::Ready(()),
        }
    })
    .await;
}
