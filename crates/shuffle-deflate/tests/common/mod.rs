//! Chunks that look measured, for tests and for the example `compare`.

#![allow(dead_code)]

pub mod decoders;

use std::f64::consts::TAU;

use fastrand::Rng;

/// A kind of data.
pub struct Kind {
    /// What the data are.
    pub name: &'static str,
    /// The size of an element in bytes.
    pub item: usize,
    make: fn(&mut Rng, usize) -> Vec<u8>,
}

impl Kind {
    /// Returns a chunk of `bytes` bytes. Chunks with other seeds differ in their random parts.
    pub fn chunk(&self, bytes: usize, seed: u64) -> Vec<u8> {
        let mut random = Rng::with_seed(seed);
        let mut chunk = (self.make)(&mut random, bytes.div_ceil(self.item));
        chunk.truncate(bytes);
        chunk
    }
}

/// All kinds.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "spectrum u32, mean 20",
        item: 4,
        make: |r, n| u32s(n, |_| poisson(r, 20.0) as u32),
    },
    Kind {
        name: "spectrum u32, mean 0.05",
        item: 4,
        make: |r, n| u32s(n, |_| poisson(r, 0.05) as u32),
    },
    Kind {
        name: "spectrum u32 with peaks",
        item: 4,
        make: |r, n| u32s(n, |i| poisson(r, peaks(i)) as u32),
    },
    Kind {
        name: "image u16, mean 20",
        item: 2,
        make: |r, n| u16s(n, |_| poisson(r, 20.0) as u16),
    },
    Kind {
        name: "image u32, mean 0.002",
        item: 4,
        make: |r, n| u32s(n, |_| poisson(r, 0.002) as u32),
    },
    Kind {
        name: "image u32 with spots",
        item: 4,
        make: |r, n| u32s(n, |i| poisson(r, spots(i)) as u32),
    },
    Kind {
        name: "image u16, all zero",
        item: 2,
        make: |_, n| u16s(n, |_| 0),
    },
    Kind {
        name: "image f32, mean 20",
        item: 4,
        make: |r, n| f32s(n, |_| poisson(r, 20.0) as f32),
    },
    Kind {
        name: "f64 random",
        item: 8,
        make: |r, n| f64s(n, |_| normal(r)),
    },
    Kind {
        name: "f64 positions",
        item: 8,
        make: |r, n| f64s(n, |i| 12.5 + i as f64 * 1e-4 + 2e-6 * normal(r)),
    },
    Kind {
        name: "f64 times with jitter",
        item: 8,
        make: |r, n| f64s(n, |i| 1.7e9 + i as f64 * 0.01 + 1e-4 * r.f64()),
    },
    Kind {
        name: "f64 times, regular",
        item: 8,
        make: |_, n| f64s(n, |i| i as f64 * 0.1),
    },
    Kind {
        name: "f64 counts, mean 1e3",
        item: 8,
        make: |r, n| f64s(n, |_| poisson(r, 1e3)),
    },
    Kind {
        name: "f64 counts, mean 1e5",
        item: 8,
        make: |r, n| f64s(n, |_| poisson(r, 1e5)),
    },
    Kind {
        name: "ramp u32",
        item: 4,
        make: |_, n| u32s(n, |i| i as u32),
    },
    Kind {
        name: "ramp f64",
        item: 8,
        make: |_, n| f64s(n, |i| i as f64),
    },
    Kind {
        name: "wave i16 with noise",
        item: 2,
        make: |r, n| u16s(n, |i| wave(r, i) as u16),
    },
    Kind {
        name: "row u16 of noise, repeated",
        item: 2,
        make: |r, n| {
            repeated(
                r,
                |r| (r.f64() * 4096.0) as u16,
                |row| u16s(n, |i| row[i % 1000]),
            )
        },
    },
    Kind {
        name: "row f64 of noise, repeated",
        item: 8,
        make: |r, n| repeated(r, Rng::f64, |row| f64s(n, |i| row[i % 1000])),
    },
    Kind {
        name: "f64 out of 200 values",
        item: 8,
        make: |r, n| {
            let values: Vec<f64> = (0..200).map(|_| r.f64()).collect();
            f64s(n, |_| values[r.usize(..200)])
        },
    },
    Kind {
        name: "text",
        item: 1,
        make: text,
    },
];

fn u16s(count: usize, element: impl FnMut(usize) -> u16) -> Vec<u8> {
    (0..count).map(element).flat_map(u16::to_le_bytes).collect()
}

fn u32s(count: usize, element: impl FnMut(usize) -> u32) -> Vec<u8> {
    (0..count).map(element).flat_map(u32::to_le_bytes).collect()
}

fn f32s(count: usize, element: impl FnMut(usize) -> f32) -> Vec<u8> {
    (0..count).map(element).flat_map(f32::to_le_bytes).collect()
}

fn f64s(count: usize, element: impl FnMut(usize) -> f64) -> Vec<u8> {
    (0..count).map(element).flat_map(f64::to_le_bytes).collect()
}

fn repeated<T>(
    random: &mut Rng,
    element: impl FnMut(&mut Rng) -> T,
    chunk: impl Fn(&[T]) -> Vec<u8>,
) -> Vec<u8> {
    let mut element = element;
    let row: Vec<T> = (0..1000).map(|_| element(random)).collect();
    chunk(&row)
}

/// A normal distribution with a mean of 0 and a deviation of 1.
pub fn normal(random: &mut Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.f64()).ln()).sqrt();
    radius * (TAU * random.f64()).cos()
}

/// Poisson's distribution.
pub fn poisson(random: &mut Rng, mean: f64) -> f64 {
    if mean > 60.0 {
        return (mean + mean.sqrt() * normal(random)).round().max(0.0);
    }
    let limit = (-mean).exp();
    let mut count = 0.0;
    let mut product = random.f64();
    while product > limit {
        count += 1.0;
        product *= random.f64();
    }
    count
}

/// The mean counts of a spectrum of fluorescence with 4096 channels.
fn peaks(index: usize) -> f64 {
    const PEAKS: [(f64, f64, f64); 5] = [
        (700.0, 500.0, 8.0),
        (770.0, 90.0, 8.5),
        (1500.0, 2000.0, 11.0),
        (1650.0, 350.0, 11.5),
        (2900.0, 40.0, 15.0),
    ];
    let channel = (index % 4096) as f64;
    let background = 30.0 * (-channel / 800.0).exp() + 0.02;
    let peak = |(centre, height, width): (f64, f64, f64)| {
        let distance = (channel - centre) / width;
        height * (-0.5 * distance * distance).exp()
    };
    background + PEAKS.into_iter().map(peak).sum::<f64>()
}

/// The mean counts of an image of diffraction with 1024 columns.
fn spots(index: usize) -> f64 {
    let (column, row) = ((index % 1024) as f64, (index / 1024) as f64);
    let spot = |number: usize| {
        let (x, y) = ((number * 379 % 1024) as f64, (number * 211 % 256) as f64);
        let distance = ((column - x).powi(2) + (row - y).powi(2)) / 8.0;
        if distance < 30.0 {
            3000.0 * (-distance).exp()
        } else {
            0.0
        }
    };
    0.01 + (0..12).map(spot).sum::<f64>()
}

fn wave(random: &mut Rng, index: usize) -> i16 {
    (8000.0 * (index as f64 * 0.003).sin() + 12.0 * normal(random)) as i16
}

/// Words of a vocabulary in which some are much more frequent.
fn text(random: &mut Rng, length: usize) -> Vec<u8> {
    let words: Vec<Vec<u8>> = (0..2000)
        .map(|_| {
            (0..random.usize(2..10))
                .map(|_| random.u8(b'a'..=b'z'))
                .collect()
        })
        .collect();
    let mut text = Vec::new();
    while text.len() < length {
        text.extend(&words[(2000.0 * random.f64().powi(3)) as usize]);
        text.push(b' ');
    }
    text.truncate(length);
    text
}
