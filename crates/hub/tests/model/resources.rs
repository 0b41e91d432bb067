//! One resource for each thread, seen by others only while it lives.

use std::sync::Arc;

use shuttle::sync::atomic::{AtomicUsize, Ordering};

use crate::resource::ThreadResource;
use crate::{check, join, thread, threads};

#[test]
fn every_thread_makes_one_while_others_look() {
    check(|| {
        let made = Arc::new(AtomicUsize::new(0));
        let makes = made.clone();
        let resource = ThreadResource::new(move || makes.fetch_add(1, Ordering::SeqCst));
        let there = resource.clone();
        let owners = threads(2, move |_| {
            let first = there.get();
            assert!(
                there
                    .all()
                    .iter()
                    .any(|(_, seen)| Arc::ptr_eq(seen, &first))
            );
            assert!(Arc::ptr_eq(&there.get(), &first));
            let popped = there.pop().unwrap();
            assert!(Arc::ptr_eq(&popped, &first));
            assert!(!Arc::ptr_eq(&there.get(), &first));
        });
        let seen = resource.all();
        assert!(seen.len() <= 2);
        join(owners);
        assert_eq!(made.load(Ordering::SeqCst), 4);
        assert!(resource.all().is_empty());
    });
}

#[test]
fn a_set_that_is_dropped_takes_no_thread_with_it() {
    check(|| {
        let resource = ThreadResource::new(|| 5);
        let there = resource.clone();
        let owner = thread::spawn(move || *there.get());
        drop(resource);
        assert_eq!(owner.join().unwrap(), 5);
    });
}
