//! Pauses between attempts, longer each time.

use std::time::Duration;

/// Pauses between attempts to reach a server: short at first, so that a restart goes nearly
/// unnoticed, doubling up to a limit, so that a server that is away for the night is left in
/// peace.
#[derive(Debug, Clone)]
pub struct Backoff {
    next: Duration,
}

const FIRST: Duration = Duration::from_millis(50);
const LIMIT: Duration = Duration::from_secs(5);

impl Backoff {
    /// Pauses from 50 ms to 5 s.
    pub fn new() -> Backoff {
        Backoff { next: FIRST }
    }

    /// The pause to make now.
    pub fn pause(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(LIMIT);
        pause
    }

    /// Makes the pause.
    pub async fn wait(&mut self) {
        tokio::time::sleep(self.pause()).await;
    }

    /// Begins with short pauses again: an attempt succeeded.
    pub fn reset(&mut self) {
        self.next = FIRST;
    }
}

impl Default for Backoff {
    fn default() -> Backoff {
        Backoff::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_the_limit() {
        let mut backoff = Backoff::new();
        let pauses: Vec<u128> = (0..9).map(|_| backoff.pause().as_millis()).collect();
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        backoff.reset();
        assert_eq!(backoff.pause(), FIRST);
    }
}
