//! Questions to file systems that may hang: each is asked in a thread of its own, and given up soon.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use hub::{AsyncResult, BlockingInGreenlet, ResultError};

/// How long a file system may take to answer, as in `blisswriter` 2.0.0.
const PATIENCE: Duration = Duration::from_millis(100);

/// Threads that may wait for answers to one question. One that waits for a disk that hangs cannot be
/// ended, so they must not add up.
const MOST: usize = 16;

/// A question that can be asked about paths. Whoever asks about the same path before there is an
/// answer waits for the same one.
pub struct Question<T> {
    name: &'static str,
    find: fn(&Path) -> T,
    asked: Arc<Mutex<BTreeMap<PathBuf, Answer<T>>>>,
}

type Answer<T> = AsyncResult<T, Unknown>;

/// The thread that asked did not live to tell.
#[derive(Debug, Clone, Copy)]
struct Unknown;

impl<T: Clone + Send + 'static> Question<T> {
    /// A question that `find` answers, in a thread of this name.
    pub fn new(name: &'static str, find: fn(&Path) -> T) -> Question<T> {
        Question {
            name,
            find,
            asked: Arc::default(),
        }
    }

    /// The answer, if it comes soon.
    pub async fn ask(&self, path: &Path) -> Option<T> {
        self.answer(path)?.get_timeout(PATIENCE).await.ok()
    }

    /// [`ask`](Self::ask) for plain threads.
    pub fn ask_blocking(&self, path: &Path) -> Result<Option<T>, BlockingInGreenlet> {
        let Some(answer) = self.answer(path) else {
            return Ok(None);
        };
        match answer.get_blocking(Some(PATIENCE)) {
            Ok(found) => Ok(Some(found)),
            Err(ResultError::BlockingInGreenlet(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Somebody is asking for it now; nobody if too many are.
    fn answer(&self, path: &Path) -> Option<Answer<T>> {
        let mut asked = locked(&self.asked);
        if let Some(answer) = asked.get(path).filter(|answer| !answer.ready()) {
            return Some(answer.clone());
        }
        asked.retain(|_, answer| !answer.ready());
        if asked.len() >= MOST {
            return None;
        }
        let answer = Answer::new();
        let promise = answer.promise(Unknown);
        let (path, find) = (path.to_owned(), self.find);
        asked.insert(path.clone(), answer.clone());
        // Without a thread the promise is broken at once.
        let asking = thread::Builder::new().name(self.name.to_owned());
        asking.spawn(move || promise.keep(Ok(find(&path)))).ok()?;
        Some(answer)
    }
}

fn locked<T>(
    asked: &Mutex<BTreeMap<PathBuf, Answer<T>>>,
) -> MutexGuard<'_, BTreeMap<PathBuf, Answer<T>>> {
    asked.lock().unwrap_or_else(PoisonError::into_inner)
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
        let numbers = (0..2 * MOST).map(|number| PathBuf::from(number.to_string()));
        let others: Vec<_> = numbers.filter_map(|path| question.answer(&path)).collect();
        assert_eq!(others.len(), MOST - 1);
        assert!(question.answer(Path::new("too many")).is_none());
        assert!(locked(&question.asked).len() <= MOST);
        let waiting = question.answer(path).unwrap();
        DISK.send();
        assert_eq!(waiting.get_blocking(None).unwrap(), Ok(path.to_owned()));
        for other in &others {
            other.get_blocking(None).unwrap().unwrap();
        }
        assert_eq!(ASKED.load(Ordering::SeqCst), MOST);
        // The next one is a question anew.
        let again = question.answer(path).unwrap();
        assert_eq!(again.get_blocking(None).unwrap(), Ok(path.to_owned()));
        assert_eq!(ASKED.load(Ordering::SeqCst), MOST + 1);
    }
}
