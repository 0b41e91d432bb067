//! What is reported while datasets are written.

use std::sync::Arc;

use nexus::apply::PendingLinks;
use nexus::chunk::EncoderPool;
use nexus::dataset::{StoreQueue, StreamDataset, WritePolicy};
use nexus::file::{Durability, FilePool, FileSettings};
use nexus::tree::{Group, StreamStorage};
use observation::{Filter, Hdf5Stage, Observation};

use crate::support::*;

/// Writes some chunks of doubles into a file.
fn write(observation: &Arc<Observation>) {
    let directory = tempfile::tempdir().unwrap();
    let files = FilePool::new(observation.clone());
    files.set(FileSettings {
        durability: Durability::Scan,
        ..FileSettings::default()
    });
    let session = files.open(&directory.path().join("scan.h5")).unwrap();
    assert_eq!(observation.hdf5.files_open.get(), 1.0);
    let written = session.write_tree(&Group::default(), &mut PendingLinks::default());
    assert!(written.errors.is_empty());
    let pool = EncoderPool::with_workers(1, 1 << 20, observation.clone()).unwrap();
    let store_queue = StoreQueue::new(Arc::new(pool));
    run(async {
        let (root, policy) = (
            session.root().unwrap().into(),
            small(WritePolicy::backlog()),
        );
        let mut dataset = StreamDataset::new(
            root,
            "diode",
            DOUBLE,
            Vec::new(),
            StreamStorage::Automatic,
            policy,
            store_queue,
        )
        .unwrap();
        dataset.append(0, 10_000, None, count(0, 10_000)).unwrap();
        dataset.settle().await.unwrap();
        dataset.close().await.unwrap();
    });
    run(session.finish()).unwrap();
    assert_eq!(observation.hdf5.files_open.get(), 0.0);
}

#[test]
fn chunks_and_calls_are_reported() {
    let observation = Arc::new(Observation::default());
    let watcher = Observation::watch(&observation);
    write(&observation);
    let filter = observation.encoder.filter(Filter::ShuffleDeflate);
    // Chunks of 2048 numbers; the last one is padded.
    assert_eq!(filter.bytes_in.get(), 5 * (16 << 10));
    assert!(filter.bytes_out.get() < filter.bytes_in.get());
    assert_eq!(filter.duration.snapshot().count, 5);
    assert_eq!(observation.hdf5.bytes_written.get(), filter.bytes_out.get());
    for stage in Hdf5Stage::ALL {
        let times = observation.hdf5.stage(stage).snapshot();
        assert!(times.count > 0, "{}", stage.name());
    }
    // Commits are written by other threads.
    let calls = Hdf5Stage::ALL.into_iter();
    let calls = calls.filter(|stage| *stage != Hdf5Stage::Commit);
    let sum = calls.map(|stage| observation.hdf5.stage(stage).snapshot().sum);
    assert_eq!(observation.hdf5.busy(), sum.sum());
    assert_eq!(observation.chunks.limit.get(), f64::from(1 << 20));
    assert_eq!(observation.chunks.used.get(), 0.0);
    drop(watcher);
}

#[test]
fn no_time_is_measured_without_observers() {
    let observation = Arc::new(Observation::default());
    write(&observation);
    let filter = observation.encoder.filter(Filter::ShuffleDeflate);
    assert_eq!(filter.bytes_in.get(), 5 * (16 << 10));
    assert_eq!(filter.duration.snapshot().count, 0);
    assert!(observation.hdf5.busy().is_zero());
}
