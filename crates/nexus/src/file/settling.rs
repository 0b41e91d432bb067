//! Sessions of one file that wait for a checkpoint, and share it.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use hub::Event;
use journal::CommitKind;

/// Time from one checkpoint to the next for sessions that settle while others write the same file.
const CHECKPOINT_DISTANCE: Duration = Duration::from_millis(400);

/// How long no session may have begun to settle until the others wait for no more of them.
const PAUSE: Duration = Duration::from_millis(20);

/// The sessions of a file that wait for a checkpoint.
#[derive(Debug)]
pub(super) struct SettlingSessions {
    count: Cell<usize>,
    /// When the last of them began to wait.
    joined_at: Cell<Instant>,
    /// When the last checkpoint was begun.
    checkpoint_at: Cell<Instant>,
    /// Is sent when the next one is begun.
    next_checkpoint: RefCell<Event>,
}

impl SettlingSessions {
    pub fn new() -> SettlingSessions {
        let now = Instant::now();
        SettlingSessions {
            count: Cell::new(0),
            joined_at: Cell::new(now),
            checkpoint_at: Cell::new(now),
            next_checkpoint: RefCell::default(),
        }
    }

    /// Counts a session until the guard is dropped.
    pub fn join(&self) -> SettlingSession<'_> {
        self.count.set(self.count.get() + 1);
        self.joined_at.set(Instant::now());
        SettlingSession(self)
    }

    /// Returns the kind of checkpoint to make now for a file with this number of sessions, or waits until others need one
    /// as well, and returns `None`: everything may have changed then.
    ///
    /// A file that `is_kept` probably gets another session, and its checkpoint is the last one only after a pause.
    pub async fn gather(&self, sessions: usize, is_kept: bool) -> Option<CommitKind> {
        let all_settle = self.count.get() >= sessions;
        let pause = PAUSE.saturating_sub(self.joined_at.get().elapsed());
        let mut rest = CHECKPOINT_DISTANCE.saturating_sub(self.checkpoint_at.get().elapsed());
        if all_settle {
            rest = rest.min(pause);
        }
        if rest.is_zero() {
            return Some(match all_settle && (!is_kept || pause.is_zero()) {
                true => CommitKind::FinalCheckpoint,
                false => CommitKind::Checkpoint,
            });
        }
        let next = self.next_checkpoint.borrow().clone();
        next.wait_timeout(rest).await;
        None
    }

    /// Lets the sessions go on that gather, because a checkpoint is begun.
    pub fn checkpoint_begins(&self) {
        self.checkpoint_at.set(Instant::now());
        self.next_checkpoint.replace(Event::new()).send();
    }
}

/// Counts a session as long as it waits for a checkpoint.
pub(super) struct SettlingSession<'a>(&'a SettlingSessions);

impl Drop for SettlingSession<'_> {
    fn drop(&mut self) {
        self.0.count.set(self.0.count.get() - 1);
    }
}
