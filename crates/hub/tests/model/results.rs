//! One thread takes the result, and no waiter is left asleep.

use crate::result::{AsyncResult, ResultError};
use crate::{check, join, poll_a_few_times, thread, threads};

#[test]
fn every_waiter_has_the_first_result() {
    check(|| {
        let result = AsyncResult::<usize, ()>::new();
        let waits = result.clone();
        let waiters = threads(2, move |_| waits.get_blocking(None));
        let sets = result.clone();
        let setters = threads(2, move |n| sets.set(Ok(n)));
        let won = join(setters);
        let first = won.iter().position(|won| *won).unwrap();
        assert_eq!(won.into_iter().filter(|won| *won).count(), 1);
        assert_eq!(join(waiters), [Ok(first), Ok(first)]);
    });
}

#[test]
fn one_waiter_takes_the_result_and_others_get_an_error() {
    check(|| {
        let result = AsyncResult::<usize, ()>::new();
        let takes = result.clone();
        let fickle = thread::spawn(move || poll_a_few_times(takes.take()));
        let takes = result.clone();
        let takers = threads(2, move |_| takes.take_blocking(None));
        assert!(result.promise(()).keep(Ok(7)));
        let mut outcomes = join(takers);
        outcomes.extend(fickle.join().unwrap());
        let had = outcomes.iter().filter(|outcome| **outcome == Ok(7));
        assert_eq!(had.count(), 1);
        let refused = outcomes
            .iter()
            .filter(|outcome| **outcome == Err(ResultError::Taken));
        assert_eq!(refused.count(), outcomes.len() - 1);
    });
}

#[test]
fn a_broken_promise_wakes_its_waiters() {
    check(|| {
        let result = AsyncResult::<usize, &str>::new();
        let waits = result.clone();
        let waiters = threads(2, move |_| waits.get_blocking(None));
        drop(result.promise("gone"));
        let broken = Err(ResultError::Failed("gone"));
        assert_eq!(join(waiters), [broken.clone(), broken]);
    });
}
