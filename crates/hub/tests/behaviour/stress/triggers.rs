//! Hubs that end while others send to them: every send, call and greenlet has an outcome.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use hub::{CallError, HubTrigger, Launcher, ThreadResource};

use super::Random;
use crate::on_hub;

const HUBS: u64 = 40;
const SENDERS: usize = 3;

/// Sends until the hub has ended; returns how many runs there must be.
fn send_all(trigger: &HubTrigger, launcher: &Launcher, ran: &Arc<AtomicUsize>, seed: usize) -> u64 {
    let mut random = Random::seeded(seed);
    let (mut sent, mut called, mut answered) = (0, Vec::new(), 0);
    loop {
        if random.below(3) > 0 {
            match trigger.send() {
                Ok(()) => sent += 1,
                Err(_) => break,
            }
        }
        let count = {
            let ran = ran.clone();
            move || {
                ran.fetch_add(1, Ordering::SeqCst);
            }
        };
        match random.below(3) {
            0 => called.push(launcher.apply_async(count)),
            1 => {
                match launcher.apply_blocking(count, Some(Duration::from_micros(random.below(50))))
                {
                    Ok(()) => answered += 1,
                    Err(CallError::Timeout | CallError::Stopped { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            _ => {}
        }
    }
    for call in called {
        match call.get_blocking(None) {
            Ok(()) => answered += 1,
            Err(error) => assert!(matches!(error.failed(), Some(CallError::Stopped { .. }))),
        }
    }
    assert!(ran.load(Ordering::SeqCst) >= answered);
    sent
}

#[test]
fn every_send_to_a_hub_that_ends_runs_or_fails() {
    let mut random = Random::seeded(17);
    let mine = ThreadResource::new(|| ());
    for hub in 0..HUBS {
        let runs = Rc::new(Cell::new(0_u64));
        let senders: Vec<_> = on_hub(async {
            let counts = runs.clone();
            let trigger = HubTrigger::new(move || counts.set(counts.get() + 1)).unwrap();
            let launcher = Launcher::current().unwrap();
            let senders = (0..SENDERS)
                .map(|n| {
                    let (trigger, launcher, mine) =
                        (trigger.clone(), launcher.clone(), mine.clone());
                    let seed = 1 + hub as usize * SENDERS + n;
                    thread::spawn(move || {
                        mine.get();
                        let ran = Arc::new(AtomicUsize::new(0));
                        send_all(&trigger, &launcher, &ran, seed)
                    })
                })
                .collect();
            let enough = random.below(200);
            while runs.get() < enough {
                tokio::task::yield_now().await;
            }
            senders
        });
        let sent: u64 = senders.into_iter().map(|s| s.join().unwrap()).sum();
        assert_eq!(runs.get(), sent);
    }
    assert!(mine.all().is_empty());
}
