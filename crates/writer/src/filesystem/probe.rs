//! Queries to file systems that may hang. They run in threads of their own, and callers wait only shortly.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use hub::{AsyncResult, BlockingInGreenlet, Promise, ResultError};

/// How long a file system may take to answer, as in `blisswriter` 2.0.0.
const TIMEOUT: Duration = Duration::from_millis(100);

/// How long it may take if there is an answer of the last seconds to fall back to.
const TIMEOUT_WITH_ANSWER: Duration = Duration::from_millis(25);

/// How long an answer is valid if there is no newer one.
const ANSWER_LIFETIME: Duration = Duration::from_secs(10);

/// Largest number of threads of one probe. A thread that waits for a disk that hangs cannot be ended, so
/// their number must be limited.
const MAX_THREADS: usize = 16;

/// How long a thread waits for work before it ends. Paths are probed many times per second while scans
/// run, and starting a thread takes longer than most answers.
const THREAD_IDLE: Duration = Duration::from_secs(10);

/// A query about paths. Callers that query the same path before there is an answer wait for the same answer.
pub struct FsProbe<T> {
    shared: Arc<ProbeState<T>>,
}

struct ProbeState<T> {
    name: &'static str,
    answer: fn(&Path) -> T,
    state: Mutex<Answers<T>>,
    /// Signals that a path is waiting to be probed.
    path_waits: Condvar,
}

struct Answers<T> {
    paths: BTreeMap<PathBuf, PathAnswer<T>>,
    waiting: VecDeque<(PathBuf, Promise<T, ProbeLost>)>,
    /// Threads that have nothing to do.
    idle: usize,
}

/// What is known about a path.
struct PathAnswer<T> {
    /// The last answer, or the next one.
    answer: Answer<T>,
    /// When the last answer came.
    found: Option<(Instant, T)>,
}

type Answer<T> = AsyncResult<T, ProbeLost>;

/// The thread that probed has panicked.
#[derive(Debug, Clone, Copy)]
pub struct ProbeLost;

impl<T: Clone + Send + 'static> FsProbe<T> {
    /// Creates a probe that calls `answer` in threads of this name.
    pub fn new(name: &'static str, answer: fn(&Path) -> T) -> FsProbe<T> {
        FsProbe {
            shared: Arc::new(ProbeState {
                name,
                answer,
                state: Mutex::new(Answers {
                    paths: BTreeMap::new(),
                    waiting: VecDeque::new(),
                    idle: 0,
                }),
                path_waits: Condvar::new(),
            }),
        }
    }

    /// Returns the answer if there is one soon, or else the last one if it is not too old.
    pub async fn probe(&self, path: &Path) -> Option<T> {
        let (answer, last) = self.shared.probe(path)?;
        answer.get_timeout(timeout(&last)).await.ok().or(last)
    }

    /// [`probe`](Self::probe) for plain threads.
    ///
    /// # Errors
    /// In a greenlet.
    pub fn probe_blocking(&self, path: &Path) -> Result<Option<T>, BlockingInGreenlet> {
        let Some((answer, last)) = self.shared.probe(path) else {
            return Ok(None);
        };
        match answer.get_blocking(Some(timeout(&last))) {
            Ok(found) => Ok(Some(found)),
            Err(ResultError::BlockingInGreenlet(error)) => Err(error),
            Err(_) => Ok(last),
        }
    }
}

fn timeout<T>(last: &Option<T>) -> Duration {
    match last {
        Some(_) => TIMEOUT_WITH_ANSWER,
        None => TIMEOUT,
    }
}

impl<T: Clone + Send + 'static> ProbeState<T> {
    /// Lets a thread probe the path. Returns its future answer and the last one, or `None` if too many
    /// threads are waiting already.
    fn probe(self: &Arc<Self>, path: &Path) -> Option<(Answer<T>, Option<T>)> {
        let mut state = self.state();
        let known = state.paths.get(path);
        let last = known.and_then(|known| known.found.clone());
        let last = last.filter(|(when, _)| when.elapsed() < ANSWER_LIFETIME);
        if let Some(known) = known.filter(|known| !known.answer.ready()) {
            return Some((known.answer.clone(), last.map(|(_, found)| found)));
        }
        state.paths.retain(|_, known| {
            let is_fresh = |(when, _): &(Instant, T)| when.elapsed() < ANSWER_LIFETIME;
            !known.answer.ready() || known.found.as_ref().is_some_and(is_fresh)
        });
        let asked = state.paths.values().filter(|known| !known.answer.ready());
        if asked.count() >= MAX_THREADS {
            return None;
        }
        let answer = Answer::new();
        state
            .waiting
            .push_back((path.to_owned(), answer.promise(ProbeLost)));
        let known = PathAnswer {
            answer: answer.clone(),
            found: last.clone(),
        };
        state.paths.insert(path.to_owned(), known);
        if state.waiting.len() <= state.idle {
            self.path_waits.notify_one();
        } else {
            let asked = Arc::clone(self);
            let thread = thread::Builder::new().name(self.name.to_owned());
            if let Err(error) = thread.spawn(move || asked.run()) {
                tracing::warn!("cannot start a thread to probe {}: {error}", path.display());
                // Dropped promises resolve with an error, which wakes all callers.
                state.waiting.clear();
            }
        }
        Some((answer, last.map(|(_, found)| found)))
    }

    /// Probes the paths that wait, until there have been none for a while.
    fn run(&self) {
        let mut state = self.state();
        loop {
            if let Some((path, promise)) = state.waiting.pop_front() {
                drop(state);
                let found = (self.answer)(&path);
                state = self.state();
                if let Some(known) = state.paths.get_mut(&path) {
                    known.found = Some((Instant::now(), found.clone()));
                }
                promise.keep(Ok(found));
                continue;
            }
            state.idle += 1;
            let nothing = |state: &mut Answers<T>| state.waiting.is_empty();
            let woken = self
                .path_waits
                .wait_timeout_while(state, THREAD_IDLE, nothing);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
            state.idle -= 1;
            if state.waiting.is_empty() {
                return;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, Answers<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use hub::Event;

    use super::*;

    #[test]
    fn a_disk_that_hangs_is_probed_once_at_a_time() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        static DISK: LazyLock<Event> = LazyLock::new(Event::new);
        let probe = FsProbe::new("test", |path| {
            ASKED.fetch_add(1, Ordering::SeqCst);
            DISK.wait_blocking(None).map(|_| path.to_owned())
        });
        let path = Path::new("/hangs/a.h5");
        for _ in 0..3 {
            assert_eq!(probe.probe_blocking(path), Ok(None));
        }
        // Other paths are probed meanwhile, up to a limit.
        let asked = &probe.shared;
        let numbers = (0..2 * MAX_THREADS).map(|number| PathBuf::from(number.to_string()));
        let others: Vec<_> = numbers.filter_map(|path| asked.probe(&path)).collect();
        assert_eq!(others.len(), MAX_THREADS - 1);
        assert!(asked.probe(Path::new("too many")).is_none());
        assert!(asked.state().paths.len() <= MAX_THREADS);
        let (waiting, _) = asked.probe(path).unwrap();
        DISK.send();
        assert_eq!(waiting.get_blocking(None).unwrap(), Ok(path.to_owned()));
        for (other, _) in &others {
            other.get_blocking(None).unwrap().unwrap();
        }
        assert_eq!(ASKED.load(Ordering::SeqCst), MAX_THREADS);
        // The path is probed again once the last probe has ended.
        let (again, _) = asked.probe(path).unwrap();
        assert_eq!(again.get_blocking(None).unwrap(), Ok(path.to_owned()));
        assert_eq!(ASKED.load(Ordering::SeqCst), MAX_THREADS + 1);
    }

    #[test]
    fn the_last_answer_is_valid_while_a_disk_hangs() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        static DISK: LazyLock<Event> = LazyLock::new(Event::new);
        let probe = FsProbe::new("test", |_| {
            let number = ASKED.fetch_add(1, Ordering::SeqCst);
            if number == 1 {
                DISK.wait_blocking(None).unwrap();
            }
            number
        });
        let path = Path::new("/hangs/a.h5");
        assert_eq!(probe.probe_blocking(path), Ok(Some(0)));
        for _ in 0..3 {
            assert_eq!(probe.probe_blocking(path), Ok(Some(0)));
        }
        let (waiting, last) = probe.shared.probe(path).unwrap();
        assert_eq!(last, Some(0));
        DISK.send();
        assert_eq!(waiting.get_blocking(None).unwrap(), 1);
        assert_eq!(probe.probe_blocking(path), Ok(Some(2)));
    }
}
