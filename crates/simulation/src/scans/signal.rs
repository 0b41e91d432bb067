//! What devices measure.

use std::f64::consts::TAU;

use fastrand::Rng;

use super::motor::Motor;

/// Channels of an MCA.
pub const CHANNELS_PER_KEV: f64 = 100.0;
/// Lines in a spectrum in keV, their strength, and the element (0 or 1) that they belong to.
const LINES: [(f64, f64, usize); 6] = [
    (3.69, 150.0, 1),
    (4.01, 30.0, 1),
    (6.40, 900.0, 0),
    (7.06, 150.0, 0),
    (8.05, 500.0, 1),
    (8.91, 90.0, 1),
];

/// A point of a scan, and how far the motors have come there (0 to 1).
#[derive(Debug, Clone, Copy)]
pub struct ScanPosition {
    pub index: u64,
    pub fast: f64,
    /// None if only one motor moves.
    pub slow: Option<f64>,
}

/// What a device measures.
pub enum Signal {
    Position(Motor),
    Time(Clock),
    Count(Profile),
    Spectrum(Spectrometer),
    Image(Camera),
}

/// Seconds.
pub struct Clock {
    pub start: f64,
    pub period: f64,
}

/// A peak over the way of the motors.
#[derive(Debug, Clone)]
pub struct Profile {
    centre: (f64, f64),
    width: f64,
    height: f64,
    background: f64,
}

/// Fluorescence of two elements that are found at different places.
pub struct Spectrometer {
    background: Vec<f64>,
    elements: [(Profile, Vec<f64>); 2],
}

/// A spot that moves over the image.
pub struct Camera {
    pub height: u64,
    pub width: u64,
}

impl Signal {
    /// Adds the bytes of one point.
    pub fn measure(&self, position: ScanPosition, noise: &mut Rng, bytes: &mut Vec<u8>) {
        match self {
            Signal::Position(motor) => bytes.extend(motor.position(position.index).to_ne_bytes()),
            Signal::Time(clock) => {
                let now = clock.start + clock.period * position.index as f64;
                bytes.extend(now.to_ne_bytes());
            }
            Signal::Count(profile) => {
                bytes.extend(counted(profile.at(position), noise).to_ne_bytes());
            }
            Signal::Spectrum(mca) => mca.measure(position, noise, bytes),
            Signal::Image(camera) => camera.measure(position, noise, bytes),
        }
    }
}

impl Profile {
    /// The profile that the counter of this number sees.
    pub fn of(number: usize) -> Profile {
        // Steps of the golden ratio spread the peaks however many there are.
        let spread = (0.5 + 0.618_034 * number as f64).fract();
        Profile {
            centre: (0.25 + 0.5 * spread, 0.7 - 0.4 * spread),
            width: 0.06 + 0.09 * spread,
            height: 10_000.0 / (number + 1) as f64,
            background: 100.0,
        }
    }

    fn at(&self, position: ScanPosition) -> f64 {
        let x = position.fast - self.centre.0;
        let y = position.slow.map_or(0.0, |slow| slow - self.centre.1);
        // `hypot` needs glibc 2.35, while nothing else in the program needs more than 2.30.
        let distance = (x * x + y * y).sqrt();
        self.background + self.height * gauss(distance, self.width)
    }
}

impl Spectrometer {
    pub fn new(size: u64) -> Spectrometer {
        let kev = |channel: u64| channel as f64 / CHANNELS_PER_KEV;
        let lines = |element: usize| {
            let shape = |channel| {
                let of_element = LINES.iter().filter(|line| line.2 == element);
                of_element
                    .map(|(energy, strength, _)| strength * gauss(kev(channel) - energy, 0.065))
                    .sum()
            };
            (0..size).map(shape).collect()
        };
        let found = |centre| Profile {
            centre,
            width: 0.2,
            height: 1.0,
            background: 0.05,
        };
        Spectrometer {
            background: (0..size).map(|c| 20.0 * (-kev(c) / 3.0).exp()).collect(),
            elements: [(found((0.3, 0.5)), lines(0)), (found((0.7, 0.5)), lines(1))],
        }
    }

    fn measure(&self, position: ScanPosition, noise: &mut Rng, bytes: &mut Vec<u8>) {
        let [(first, first_lines), (second, second_lines)] = &self.elements;
        let (first, second) = (first.at(position), second.at(position));
        let channels = self.background.iter().zip(first_lines).zip(second_lines);
        for ((background, first_line), second_line) in channels {
            let expected = background + first * first_line + second * second_line;
            bytes.extend((counted(expected, noise) as u32).to_ne_bytes());
        }
    }
}

impl Camera {
    pub fn new(height: u64, width: u64) -> Camera {
        Camera { height, width }
    }

    fn measure(&self, position: ScanPosition, noise: &mut Rng, bytes: &mut Vec<u8>) {
        let size = self.height.min(self.width) as f64 * 0.06;
        let row = self.height as f64 * (0.5 + 0.3 * (TAU * position.fast).sin());
        let column = self.width as f64 * (0.15 + 0.7 * position.fast);
        let across: Vec<f64> = (0..self.width)
            .map(|at| 5000.0 * gauss(at as f64 - column, size))
            .collect();
        for at in 0..self.height {
            let down = gauss(at as f64 - row, size);
            for across in &across {
                let pixel = counted(20.0 + across * down, noise) as u16;
                bytes.extend(pixel.to_ne_bytes());
            }
        }
    }
}

fn gauss(distance: f64, width: f64) -> f64 {
    (-0.5 * (distance / width).powi(2)).exp()
}

/// Photons that a detector counts when so many are expected.
fn counted(expected: f64, noise: &mut Rng) -> f64 {
    // The bits of a random number: 32 of 64 are set, give or take 4. Nearly a normal distribution,
    // and cheap enough for millions of pixels a second.
    let deviation = (f64::from(noise.u64(..).count_ones()) - 32.0) / 4.0;
    (expected + expected.sqrt() * deviation).max(0.0).round()
}
