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
///
/// Descriptors that are never closed are there most of the time, so the median counts. The peaks are chance: they are
/// those of faults after which many connections and files are opened at once.
pub fn assert_flat(samples: &[Resources]) {
    let (first, second) = samples.split_at(samples.len() / 2);
    let (before, after) = (Usage::of(first), Usage::of(second));
    println!("{before:?} in the first half, then {after:?}");
    assert!(
        after.memory_peak_kb <= before.memory_peak_kb + MEMORY_KB,
        "memory grows: {samples:?}"
    );
    assert!(
        after.median_descriptors <= before.median_descriptors + DESCRIPTORS,
        "descriptors grow: {samples:?}"
    );
}

/// What a process needed during a part of a run.
#[derive(Debug)]
struct Usage {
    memory_peak_kb: u64,
    median_descriptors: usize,
    /// Only to be shown.
    #[allow(dead_code, reason = "it is shown by `Debug`")]
    descriptors_peak: usize,
}

impl Usage {
    fn of(samples: &[Resources]) -> Usage {
        let memory = samples.iter().map(|sample| sample.memory_kb).max();
        let mut descriptors: Vec<_> = samples.iter().map(|sample| sample.descriptors).collect();
        descriptors.sort_unstable();
        let median = descriptors.get(descriptors.len() / 2).copied();
        Usage {
            memory_peak_kb: memory.unwrap_or_default(),
            median_descriptors: median.unwrap_or_default(),
            descriptors_peak: descriptors.last().copied().unwrap_or_default(),
        }
    }
}
