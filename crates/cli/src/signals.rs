//! Signals: the first asks to finish, the second to leave.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use hub::Event;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::info;

/// The wishes of whoever sends signals.
#[derive(Clone)]
pub struct Interrupts {
    /// Sent by the first signal: take nothing new, bring to an end what was begun.
    pub finish: Event,
    /// Sent by the second one: flush, close, leave.
    pub leave: Event,
}

impl Interrupts {
    /// Listens to SIGINT and SIGTERM from now on. Must be called in a greenlet.
    pub fn listen() -> io::Result<Interrupts> {
        Ok(Interrupts::to(vec![
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        ]))
    }

    /// [`listen`](Interrupts::listen) in a Tango server: SIGQUIT, which would kill it, ends it too, and
    /// SIGHUP, by which a terminal tells that it is closed, does nothing.
    #[cfg(feature = "tango")]
    pub fn listen_in_server() -> io::Result<Interrupts> {
        let mut hangup = signal(SignalKind::hangup())?;
        hub::spawn(async move {
            while hangup.recv().await.is_some() {
                info!("a hang-up does not end the server");
            }
        })
        .detach();
        Ok(Interrupts::to(vec![
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::quit())?,
        ]))
    }

    fn to(mut signals: Vec<Signal>) -> Interrupts {
        let wishes = Interrupts {
            finish: Event::new(),
            leave: Event::new(),
        };
        let told = wishes.clone();
        hub::spawn(async move {
            any(&mut signals).await;
            info!("finishing; another signal leaves at once");
            told.finish.send();
            any(&mut signals).await;
            info!("leaving");
            told.leave.send();
        })
        .detach();
        wishes
    }
}

async fn any(signals: &mut [Signal]) {
    poll_fn(|context| {
        // All are asked, so that all wake this greenlet.
        let came = |signal: &mut Signal| signal.poll_recv(context).is_ready();
        match signals.iter_mut().map(came).filter(|came| *came).count() {
            0 => Poll::Pending,
            _ => Poll::Ready(()),
        }
    })
    .await;
}
