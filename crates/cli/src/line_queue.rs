//! Writes lines in a thread of their own, so that a pipe that nobody reads or a disk that does not answer
//! never stops the work.
//!
//! `tracing-appender` has such a queue, but does not log how many lines it has dropped.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tracing::warn;
use tracing_subscriber::fmt::MakeWriter;

/// Bytes of lines that may wait for an output. Thousands of lines, more than a scan logs at any level.
const MAX_BYTES: usize = 4 << 20;

/// All queues of the process.
static QUEUES: Mutex<Vec<LineQueue>> = Mutex::new(Vec::new());

/// A queue of lines to an output. Clones share the queue.
///
/// Adding a line never waits and never fails. Lines for which there is no room are dropped and counted; the count
/// is logged as soon as half of the queue is free again.
#[derive(Clone)]
pub struct LineQueue {
    shared: Arc<Shared>,
}

struct Shared {
    name: String,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: VecDeque<Vec<u8>>,
    /// Bytes of the lines.
    bytes: usize,
    dropped: u64,
    /// A line is being written.
    writing: bool,
}

impl LineQueue {
    /// Starts the thread of an output. `name` is what a log line about dropped lines calls it.
    ///
    /// # Errors
    /// If the system cannot start a thread.
    pub fn start(name: &str, output: impl Write + Send + 'static) -> io::Result<LineQueue> {
        let queue = LineQueue::with_report(name, output, |name, dropped| {
            warn!("{dropped} log lines were dropped: {name} did not take them in time");
        })?;
        lock(&QUEUES).push(queue.clone());
        Ok(queue)
    }

    fn with_report(
        name: &str,
        output: impl Write + Send + 'static,
        report: impl Fn(&str, u64) + Send + 'static,
    ) -> io::Result<LineQueue> {
        let shared = Arc::new(Shared {
            name: name.to_owned(),
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let queue = LineQueue { shared };
        let writer = queue.clone();
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || writer.write_lines(output, report))?;
        Ok(queue)
    }

    /// Adds a line, with its line feed.
    pub fn push(&self, line: &[u8]) {
        let mut state = lock(&self.shared.state);
        // A line that is longer than the queue is written nevertheless if nothing else waits.
        if !state.lines.is_empty() && state.bytes + line.len() > MAX_BYTES {
            state.dropped += 1;
            return;
        }
        state.bytes += line.len();
        state.lines.push_back(line.to_owned());
        self.shared.changed.notify_all();
    }

    /// Waits until all lines are written. Returns `false` if the time was up before.
    fn flush(&self, deadline: Instant) -> bool {
        let time = deadline.saturating_duration_since(Instant::now());
        let state = lock(&self.shared.state);
        let busy = |state: &mut State| !state.lines.is_empty() || state.writing;
        let waited = self.shared.changed.wait_timeout_while(state, time, busy);
        let (_state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        !timeout.timed_out()
    }

    fn write_lines(&self, mut output: impl Write, report: impl Fn(&str, u64)) {
        loop {
            let line = self.next();
            if output
                .write_all(&line)
                .and_then(|()| output.flush())
                .is_err()
            {
                // A console that is closed has no reader, and a log file reports its problems itself.
            }
            let dropped = {
                let mut state = lock(&self.shared.state);
                match state.bytes <= MAX_BYTES / 2 {
                    true => mem::take(&mut state.dropped),
                    false => 0,
                }
            };
            // Before the queue counts as empty, so that the report is written, too.
            if dropped > 0 {
                report(&self.shared.name, dropped);
            }
            lock(&self.shared.state).writing = false;
            self.shared.changed.notify_all();
        }
    }

    fn next(&self) -> Vec<u8> {
        let mut state = lock(&self.shared.state);
        loop {
            if let Some(line) = state.lines.pop_front() {
                state.bytes -= line.len();
                state.writing = true;
                return line;
            }
            let changed = self.shared.changed.wait(state);
            state = changed.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Waits until the lines of all queues are written, but not longer than `limit`.
pub fn flush_all(limit: Duration) {
    let deadline = Instant::now() + limit;
    let queues = lock(&QUEUES).clone();
    for queue in queues {
        // Lines that an output does not take in time are lost, which nothing is left to report.
        queue.flush(deadline);
    }
}

/// No code runs under these locks that could leave half a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The log writes each line at once.
impl Write for LineQueue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LineQueue {
    type Writer = LineQueue;

    fn make_writer(&self) -> LineQueue {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Length of all lines.
    const LINE: usize = 1 << 10;
    const ROOM: usize = MAX_BYTES / LINE;

    /// An output that takes a line only when the test lets it.
    struct Gate {
        open: Receiver<()>,
        written: Sender<String>,
    }

    impl Write for Gate {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            let opened = self.open.recv();
            opened.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            let line = String::from_utf8_lossy(line).into_owned();
            self.written.send(line).map_err(io::Error::other)?;
            Ok(LINE)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn line(number: usize) -> Vec<u8> {
        format!("{number:>width$}\n", width = LINE - 1).into_bytes()
    }

    #[test]
    fn an_output_that_takes_nothing_loses_lines_and_says_how_many() {
        let (gate, open) = channel();
        let (written, lines) = channel();
        let (reports, reported) = channel();
        let report = move |name: &str, dropped| reports.send((name.to_owned(), dropped)).unwrap();
        let queue = LineQueue::with_report("the output", Gate { open, written }, report).unwrap();
        queue.push(&line(0));
        // The thread has taken the first line when there is room for one more.
        while !lock(&queue.shared.state).writing {
            thread::yield_now();
        }
        let pushed = ROOM + 100;
        (1..=pushed).for_each(|number| queue.push(&line(number)));
        assert!(!queue.flush(Instant::now()), "nothing is written yet");
        for number in 0..=ROOM {
            gate.send(()).unwrap();
            assert_eq!(lines.recv().unwrap().trim().parse(), Ok(number));
        }
        assert_eq!(reported.recv().unwrap(), ("the output".to_owned(), 100));
        queue.push(&line(7));
        gate.send(()).unwrap();
        assert_eq!(lines.recv().unwrap().trim(), "7");
        assert!(queue.flush(Instant::now() + Duration::from_secs(60)));
        assert!(reported.try_recv().is_err());
    }

    #[test]
    fn an_output_that_is_closed_takes_no_harm() {
        let (_, open) = channel();
        let (written, _) = channel();
        let queue = LineQueue::with_report("", Gate { open, written }, |_, _| {}).unwrap();
        (0..10).for_each(|number| queue.push(&line(number)));
        assert!(queue.flush(Instant::now() + Duration::from_secs(60)));
    }
}
