//! What a process has of memory and descriptors.

use std::fs;

/// Growth that is none: memory that the allocator keeps, and connections that are made again.
const MEMORY_KB: u64 = 24 << 10;
const DESCRIPTORS: usize = 8;

#[derive(Debug, Clone, Copy)]
pub struct Resources {
    pub memory_kb: u64,
    pub descriptors: usize,
}

impl Resources {
    /// Returns what a process has now.
    pub fn of(process: u32) -> Resources {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let memory = memory.unwrap().trim().trim_end_matches(" kB");
        let descriptors = fs::read_dir(format!("/proc/{process}/fd")).unwrap();
        Resources {
            memory_kb: memory.parse().unwrap(),
            descriptors: descriptors.count(),
        }
    }
}

/// Fails if the second half of a run needs more than the first half.
pub fn assert_flat(samples: &[Resources]) {
    let (first, second) = samples.split_at(samples.len() / 2);
    let peak = |samples: &[Resources]| {
        let memory = samples.iter().map(|sample| sample.memory_kb).max();
        let descriptors = samples.iter().map(|sample| sample.descriptors).max();
        (memory.unwrap_or_default(), descriptors.unwrap_or_default())
    };
    let (before, after) = (peak(first), peak(second));
    println!("peak of memory (kB) and descriptors: {before:?} in the first half, then {after:?}");
    assert!(after.0 <= before.0 + MEMORY_KB, "memory grows: {samples:?}");
    assert!(
        after.1 <= before.1 + DESCRIPTORS,
        "descriptors grow: {samples:?}"
    );
}
