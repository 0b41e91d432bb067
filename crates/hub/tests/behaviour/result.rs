use std::thread;

use hub::{AsyncResult, ResultError, Thread};

use crate::{on_hub, poll};

#[test]
fn every_waiter_has_a_clone() {
    let result = AsyncResult::<String, String>::new();
    let plain: Vec<_> = (0..3)
        .map(|_| {
            let result = result.clone();
            thread::spawn(move || result.get_blocking(None))
        })
        .collect();
    let in_hub = Thread::start("waiters", {
        let result = result.clone();
        async move |_| {
            let other = hub::spawn({
                let result = result.clone();
                async move { result.get().await }
            });
            (result.get().await, other.await.unwrap())
        }
    })
    .unwrap();
    assert!(!result.ready() && !result.successful());
    assert!(result.set(Ok("done".to_owned())));
    assert!(result.ready() && result.successful());
    for waiter in plain {
        assert_eq!(waiter.join().unwrap(), Ok("done".to_owned()));
    }
    let (one, other) = in_hub.take_blocking(None).unwrap();
    assert_eq!(
        (one.unwrap(), other.unwrap()),
        ("done".to_owned(), "done".to_owned())
    );
}

#[test]
fn an_error_travels_like_a_value() {
    let result = AsyncResult::<(), String>::new();
    result.set(Err("no such file".to_owned()));
    assert!(result.ready() && !result.successful());
    let error = on_hub(result.get()).unwrap_err();
    assert_eq!(error.to_string(), "no such file");
    assert_eq!(error.failed(), Some("no such file".to_owned()));
}

#[test]
fn a_value_that_cannot_be_cloned_is_taken_by_one() {
    struct Big(Vec<u8>);
    let result = AsyncResult::<Big, String>::new();
    let worker = thread::spawn({
        let result = result.clone();
        move || result.set(Ok(Big(vec![7; 1000])))
    });
    let big = on_hub(result.take()).unwrap();
    assert!(worker.join().unwrap());
    assert_eq!(big.0.len(), 1000);
    assert!(matches!(
        result.take_blocking(None),
        Err(ResultError::Taken)
    ));
    assert!(result.ready() && result.successful());
}

#[test]
fn the_first_result_stays() {
    let result = AsyncResult::<i32, String>::new();
    assert_eq!(result.try_get(), Err(ResultError::Pending));
    assert!(result.set(Ok(1)));
    assert!(!result.set(Ok(2)));
    assert_eq!(result.get_blocking(None), Ok(1));
    assert_eq!(result.take_blocking(None), Ok(1));
    assert!(!result.set(Ok(3)));
    assert_eq!(result.try_get(), Err(ResultError::Taken));
}

#[test]
fn a_dropped_take_leaves_the_result_to_others() {
    let result = AsyncResult::<i32, String>::new();
    let mut dropped = Box::pin(result.take());
    assert!(poll(&mut dropped).is_pending());
    result.set(Ok(5));
    drop(dropped);
    assert_eq!(result.try_take(), Ok(5));
}

#[test]
fn a_worker_that_ends_without_result_breaks_its_promise() {
    let result = AsyncResult::<i32, String>::new();
    let promise = result.promise("the worker is gone".to_owned());
    let worker = thread::spawn(move || {
        let _promise = promise;
        panic!("out of luck");
    });
    let error = result.get_blocking(None).unwrap_err();
    assert_eq!(error, ResultError::Failed("the worker is gone".to_owned()));
    assert!(worker.join().is_err());

    let kept = AsyncResult::<i32, String>::new();
    assert!(kept.promise("never".to_owned()).keep(Ok(3)));
    assert_eq!(kept.get_blocking(None), Ok(3));
}
