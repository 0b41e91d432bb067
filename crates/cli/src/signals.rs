//! SIGINT and SIGTERM: the first asks to finish, the second to leave.

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
    /// Listens from now on. Must be called in a greenlet.
    pub fn listen() -> std::io::Result<Interrupts> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let wishes = Interrupts {
            finish: Event::new(),
            leave: Event::new(),
        };
        let told = wishes.clone();
        hub::spawn(async move {
            any(&mut interrupt, &mut terminate).await;
            info!("finishing; another signal leaves at once");
            told.finish.send();
            any(&mut interrupt, &mut terminate).await;
            info!("leaving");
            told.leave.send();
        })
        .detach();
        Ok(wishes)
    }
}

async fn any(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
