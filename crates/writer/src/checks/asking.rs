//! Questions to file systems that may hang: they are asked in other threads, and given up soon.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use hub::{AsyncResult, BlockingInGreenlet, Promise, ResultError};

/// How long a file system may take to answer, as in `blisswriter` 2.0.0.
const PATIENCE: Duration = Duration::from_millis(100);

/// The same when it has answered not long ago: that is as good then.
const PATIENCE_WHEN_KNOWN: Duration = Duration::from_millis(25);

/// An answer is good for so long when no other comes.
const KEPT: Duration = Duration::from_secs(10);

/// Threads that may wait for answers to one question. One that waits for a disk that hangs cannot be
/// ended, so they must not add up.
const MOST: usize = 16;

/// A thread that nobody needed for so long ends. Many are asked every second while scans run, and making
/// a thread takes longer than most answers.
const IDLE: Duration = Duration::from_secs(10);

/// A question that can be asked about paths. Whoever asks about the same path before there is an
/// answer waits for the same one.
pub struct Question<T> {
    asked: Arc<Asked<T>>,
}

struct Asked<T> {
    name: &'static str,
    find: fn(&Path) -> T,
    state: Mutex<State<T>>,
    /// There is something to be asked.
    called: Condvar,
}

struct State<T> {
    paths: BTreeMap<PathBuf, Known<T>>,
    waiting: VecDeque<(PathBuf, Promise<T, Unknown>)>,
    /// Threads that have nothing to do.
    idle: usize,
}

/// What is known about a path.
struct Known<T> {
    /// The last answer, or the next one.
    answer: Answer<T>,
    /// When the last answer came.
    found: Option<(Instant, T)>,
}

type Answer<T> = AsyncResult<T, Unknown>;

/// The thread that asked did not live to tell.
#[derive(Debug, Clone, Copy)]
pub struct Unknown;

impl<T: Clone + Send + 'static> Question<T> {
    /// A question that `find` answers, in threads of this name.
    pub fn new(name: &'static str, find: fn(&Path) -> T) -> Question<T> {
        Question {
            asked: Arc::new(Asked {
                name,
                find,
                state: Mutex::new(State {
                    paths: BTreeMap::new(),
                    waiting: VecDeque::new(),
                    idle: 0,
                }),
                called: Condvar::new(),
            }),
        }
    }

    /// The answer, if it comes soon, or else the one that came not long ago.
    pub async fn ask(&self, path: &Path) -> Option<T> {
        let (answer, last) = self.asked.ask(path)?;
        answer.get_timeout(patience(&last)).await.ok().or(last)
    }

    /// [`ask`](Self::ask) for plain threads.
    pub fn ask_blocking(&self, path: &Path) -> Result<Option<T>, BlockingInGreenlet> {
        let Some((answer, last)) = self.asked.ask(path) else {
            return Ok(None);
        };
        match answer.get_blocking(Some(patience(&last))) {
            Ok(found) => Ok(Some(found)),
            Err(ResultError::BlockingInGreenlet(error)) => Err(error),
            Err(_) => Ok(last),
        }
    }
}

fn patience<T>(last: &Option<T>) -> Duration {
    match last {
        Some(_) => PATIENCE_WHEN_KNOWN,
        None => PATIENCE,
    }
}

impl<T: Clone + Send + 'static> Asked<T> {
    /// Somebody is asking for the answer now, nobody if too many are; and the last one.
    fn ask(self: &Arc<Self>, path: &Path) -> Option<(Answer<T>, Option<T>)> {
        let mut state = self.state();
        let known = state.paths.get(path);
        let last = known.and_then(|known| known.found.clone());
        let last = last.filter(|(when, _)| when.elapsed() < KEPT);
        if let Some(known) = known.filter(|known| !known.answer.ready()) {
            return Some((known.answer.clone(), last.map(|(_, found)| found)));
        }
        state.paths.retain(|_, known| {
            let is_fresh = |(when, _): &(Instant, T)| when.elapsed() < KEPT;
            !known.answer.ready() || known.found.as_ref().is_some_and(is_fresh)
        });
        let asked = state.paths.values().filter(|known| !known.answer.ready());
        if asked.count() >= MOST {
            return None;
        }
        let answer = Answer::new();
        state
            .waiting
            .push_back((path.to_owned(), answer.promise(Unknown)));
        let known = Known {
            answer: answer.clone(),
            found: last.clone(),
        };
        state.paths.insert(path.to_owned(), known);
        if state.waiting.len() <= state.idle {
            self.called.notify_one();
        } else {
            let asked = Arc::clone(self);
            let thread = thread::Builder::new().name(self.name.to_owned());
            if let Err(error) = thread.spawn(move || asked.work()) {
                tracing::warn!("no thread asks for {}: {error}", path.display());
                // Broken promises tell those who wait.
                state.waiting.clear();
            }
        }
        Some((answer, last.map(|(_, found)| found)))
    }

    /// Asks what is to be asked, until that has been nothing for a while.
    fn work(&self) {
        let mut state = self.state();
        loop {
            if let Some((path, promise)) = state.waiting.pop_front() {
                drop(state);
                let found = (self.find)(&path);
                state = self.state();
                if let Some(known) = state.paths.get_mut(&path) {
                    known.found = Some((Instant::now(), found.clone()));
                }
                promise.keep(Ok(found));
                continue;
            }
            state.idle += 1;
            let nothing = |state: &mut State<T>| state.waiting.is_empty();
            let woken = self.called.wait_timeout_while(state, IDLE, nothing);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
            state.idle -= 1;
            if state.waiting.is_empty() {
                return;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
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
    fn a_disk_that_hangs_is_asked_once_at_a_time() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        static DISK: LazyLock<Event> = LazyLock::new(Event::new);
        let question = Question::new("test", |path| {
            ASKED.fetch_add(1, Ordering::SeqCst);
            DISK.wait_blocking(None).map(|_| path.to_owned())
        });
        let path = Path::new("/hangs/a.h5");
        for _ in 0..3 {
            assert_eq!(question.ask_blocking(path), Ok(None));
        }
        // Others are asked meanwhile, but not without limit.
        let asked = &question.asked;
        let numbers = (0..2 * MOST).map(|number| PathBuf::from(number.to_string()));
        let others: Vec<_> = numbers.filter_map(|path| asked.ask(&path)).collect();
        assert_eq!(others.len(), MOST - 1);
        assert!(asked.ask(Path::new("too many")).is_none());
        assert!(asked.state().paths.len() <= MOST);
        let (waiting, _) = asked.ask(path).unwrap();
        DISK.send();
        assert_eq!(waiting.get_blocking(None).unwrap(), Ok(path.to_owned()));
        for (other, _) in &others {
            other.get_blocking(None).unwrap().unwrap();
        }
        assert_eq!(ASKED.load(Ordering::SeqCst), MOST);
        // The next one is a question anew.
        let (again, _) = asked.ask(path).unwrap();
        assert_eq!(again.get_blocking(None).unwrap(), Ok(path.to_owned()));
        assert_eq!(ASKED.load(Ordering::SeqCst), MOST + 1);
    }

    #[test]
    fn what_was_known_counts_while_a_disk_hangs() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        static DISK: LazyLock<Event> = LazyLock::new(Event::new);
        let question = Question::new("test", |_| {
            let number = ASKED.fetch_add(1, Ordering::SeqCst);
            if number == 1 {
                DISK.wait_blocking(None).unwrap();
            }
            number
        });
        let path = Path::new("/hangs/a.h5");
        assert_eq!(question.ask_blocking(path), Ok(Some(0)));
        for _ in 0..3 {
            assert_eq!(question.ask_blocking(path), Ok(Some(0)));
        }
        let (waiting, last) = question.asked.ask(path).unwrap();
        assert_eq!(last, Some(0));
        DISK.send();
        assert_eq!(waiting.get_blocking(None).unwrap(), 1);
        assert_eq!(question.ask_blocking(path), Ok(Some(2)));
    }
}
