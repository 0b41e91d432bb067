//! What checkpoints leave to be done when a file is closed.

use std::io;
use std::sync::{Arc, Mutex};

use journal::{CommitKind, Durability, Journal, Observer, Operation, Recovery, Target, recover};

use crate::common::scans::{ScanWriter, content, expect_found};
use crate::fixture::{Fixture, Reading, options};

/// Counts what waits for the disk, and what changes bytes of the file.
#[derive(Debug, Default)]
struct Counts {
    /// Number of `fdatasync`, and of writes into the file.
    counts: Mutex<(usize, usize)>,
}

impl Counts {
    fn take(&self) -> (usize, usize) {
        std::mem::take(&mut *self.counts.lock().unwrap())
    }
}

impl Observer for Counts {
    fn before(&self, target: Target, operation: Operation<'_>) -> io::Result<()> {
        let mut counts = self.counts.lock().unwrap();
        match operation {
            Operation::Synchronise => counts.0 += 1,
            Operation::Write(..) if target == Target::Data => counts.1 += 1,
            _ => {}
        }
        Ok(())
    }
}

#[test]
fn closing_a_file_after_its_final_checkpoint_needs_no_disk() {
    let fixture = Fixture::new();
    let counts = Arc::new(Counts::default());
    let open = || Journal::new(options(Durability::Ordered, Some(counts.clone())));
    let journal = open();
    let mut writer = ScanWriter::new(fixture.create(&journal), &journal);
    for _ in 0..3 {
        writer.begin_scan();
        writer.add_points(40);
        assert!(writer.file.flush());
        journal.commit(CommitKind::Visible).unwrap();
        writer.add_points(7);
        assert!(writer.file.flush());
        journal.commit(CommitKind::FinalCheckpoint).unwrap();
        let (waits, writes) = counts.take();
        assert!(waits > 0 && writes > 0);
        let written = writer.content.clone();
        // The power fails before the file is closed.
        let killed = fixture.killed();
        killed.in_another_boot();
        let recovery = recover(&killed.path, &options(Durability::Ordered, None)).unwrap();
        assert_eq!(recovery, Recovery::RolledBack(0));
        assert_eq!(content(&killed.path), Ok(written.clone()));
        assert!(writer.file.close());
        journal.finish().unwrap();
        assert_eq!(counts.take(), (0, 0));
        assert!(!fixture.journal().exists());
        expect_found(&fixture.found(Reading::Locked), &written);
        writer = ScanWriter::go_on(fixture.open(&journal), &journal, written);
    }
    // Without a final checkpoint there is more to do.
    writer.add_points(1);
    assert!(writer.file.flush());
    journal.commit(CommitKind::Checkpoint).unwrap();
    counts.take();
    let written = writer.content.clone();
    assert!(writer.file.close());
    journal.finish().unwrap();
    let (waits, writes) = counts.take();
    assert!(waits > 0 && writes > 0);
    expect_found(&fixture.found(Reading::Unlocked), &written);
}
