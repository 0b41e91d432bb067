//! Identities of greenlets and threads, and which types may go to other threads.

use std::rc::Rc;
use std::thread;

use hub::{
    AsyncResult, Budget, Event, Greenlet, GreenletId, Hub, HubTrigger, Launcher, Lock, Queue,
    RLock, Thread, ThreadResource,
};

use crate::on_hub;

#[test]
fn every_greenlet_and_every_thread_is_one() {
    let outside = GreenletId::current();
    on_hub(async {
        // The main greenlet has the identity of its thread.
        assert_eq!(GreenletId::current(), outside);
        let mut others = Vec::new();
        for _ in 0..3 {
            let greenlet = hub::spawn(async {
                let before = GreenletId::current();
                tokio::task::yield_now().await;
                assert_eq!(GreenletId::current(), before);
                before
            });
            others.push(greenlet.await.unwrap());
        }
        others.push(thread::spawn(GreenletId::current).join().unwrap());
        let there = Thread::start("there", async |_| GreenletId::current()).unwrap();
        others.push(there.take().await.unwrap());
        others.push(outside);
        for (number, one) in others.iter().enumerate() {
            assert!(others[number + 1..].iter().all(|other| other != one));
        }
    });
    assert_eq!(GreenletId::current(), outside);
}

#[test]
fn handles_go_to_other_threads() {
    fn shared<T: Send + Sync + Clone>() {}
    fn sent<T: Send>() {}
    shared::<Event>();
    shared::<Lock>();
    shared::<RLock>();
    shared::<Launcher>();
    shared::<HubTrigger>();
    shared::<Budget>();
    shared::<Queue<Box<dyn Send>>>();
    shared::<AsyncResult<Vec<u8>, String>>();
    shared::<ThreadResource<String>>();
    shared::<GreenletId>();
    sent::<Hub>();
    sent::<Thread<String>>();
    sent::<Greenlet<String>>();
}

/// Reports whether a type is `Send`, by which of two methods is found first.
struct SendProbe<T>(std::marker::PhantomData<T>);

trait NotSend {
    fn is_send(&self) -> bool {
        false
    }
}

impl<T> NotSend for SendProbe<T> {}

impl<T: Send> SendProbe<T> {
    fn is_send(&self) -> bool {
        true
    }
}

macro_rules! is_send {
    ($type:ty) => {
        SendProbe::<$type>(std::marker::PhantomData).is_send()
    };
}

#[test]
fn types_bound_to_a_thread_are_not_send() {
    assert!(is_send!(Queue<i32>));
    assert!(!is_send!(hub::LockGuard<'static>));
    assert!(!is_send!(Queue<Rc<i32>>));
    assert!(!is_send!(AsyncResult<Rc<i32>, ()>));
    assert!(!is_send!(ThreadResource<Rc<i32>>));
    assert!(!is_send!(ThreadResource<std::cell::Cell<i32>>));
    assert!(!is_send!(Greenlet<Rc<i32>>));
}
