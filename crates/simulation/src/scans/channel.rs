//! The channels of a scan: what they are called, what they measure, and their points.

use acquisition::{DType, DTypeKind};

use crate::publish::StreamDefinition;
use fastrand::Rng;

use super::motor::Motor;
use super::plan::{ScanKind, ScanPlan};
use super::signal::{Camera, Clock, Profile, ScanPosition, Signal, Spectrometer};

/// Something that has a value at each point of a scan.
pub struct Channel {
    /// Name of the stream.
    pub stream: String,
    /// Name of the device, and of its group in the file.
    pub name: String,
    /// Kind of device.
    pub device: DeviceKind,
    /// Unit of the values.
    pub unit: Option<&'static str>,
    /// Type of the values.
    pub dtype: DType,
    /// Shape of one point, empty for scalars.
    pub shape: Vec<u64>,
    signal: Signal,
    noise: Rng,
}

/// Kinds of devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceKind {
    /// A motor.
    Positioner,
    /// A clock.
    Timer,
    /// A counter of photons.
    Counter,
    /// A detector of spectra.
    Mca,
    /// A detector of images.
    Camera,
}

impl Channel {
    fn new(plan: &ScanPlan, stream: String, device: DeviceKind, signal: Signal) -> Channel {
        let name = stream.rsplit(':').next().unwrap_or(&stream).to_owned();
        let (dtype, shape) = match &signal {
            Signal::Spectrum(_) => (native(DTypeKind::Uint, 4), vec![plan.mca_size]),
            Signal::Image(camera) => (
                native(DTypeKind::Uint, 2),
                vec![camera.height, camera.width],
            ),
            _ => (native(DTypeKind::Float, 8), Vec::new()),
        };
        let unit = match &signal {
            Signal::Position(motor) => Some(motor.unit),
            Signal::Time(_) => Some("s"),
            _ => None,
        };
        // Every channel has noise of its own, the same in every run.
        let seed = stream.bytes().fold(plan.seed, |seed, byte| {
            seed.rotate_left(5) ^ u64::from(byte) ^ plan.number
        });
        Channel {
            stream,
            name,
            device,
            unit,
            dtype,
            shape,
            signal,
            noise: Rng::with_seed(seed),
        }
    }

    /// The stream that carries the points. As in BLISS, its data can also be found in the file.
    pub fn definition(&self, plan: &ScanPlan) -> StreamDefinition {
        let shape: Vec<_> = self.shape.iter().copied().map(Some).collect();
        let mut stream = StreamDefinition::numeric(self.dtype, &shape);
        if let Some(unit) = self.unit {
            stream = stream.with("unit", unit);
        }
        let path = self.path(plan);
        stream.hdf5_fallback(&plan.file, path.trim_start_matches('/'))
    }

    /// Name of the dataset in the group of the device.
    pub fn field(&self) -> &'static str {
        match self.device {
            DeviceKind::Positioner => "value",
            _ => "data",
        }
    }

    /// Absolute path of the dataset in the file.
    pub fn path(&self, plan: &ScanPlan) -> String {
        format!(
            "/{}/instrument/{}/{}",
            plan.entry(),
            self.name,
            self.field()
        )
    }

    /// Adds the bytes of one point.
    pub fn measure(&mut self, position: ScanPosition, bytes: &mut Vec<u8>) {
        self.signal.measure(position, &mut self.noise, bytes);
    }
}

/// All channels of a scan that starts at `epoch` (seconds since 1970).
pub fn channels(plan: &ScanPlan, motors: &[Motor], epoch: f64) -> Vec<Channel> {
    let mut channels = Vec::new();
    let mut add = |stream: String, device: DeviceKind, signal: Signal| {
        channels.push(Channel::new(plan, stream, device, signal));
    };
    for motor in motors {
        let signal = Signal::Position(motor.clone());
        add(
            format!("axis:{}", motor.name),
            DeviceKind::Positioner,
            signal,
        );
    }
    for (name, start) in [("elapsed_time", 0.0), ("epoch", epoch)] {
        let period = plan.count_time();
        let clock = Signal::Time(Clock { start, period });
        add(format!("timer:{name}"), DeviceKind::Timer, clock);
    }
    for number in 0..plan.counters {
        let profile = Signal::Count(Profile::of(number));
        add(
            format!("simulation:diode{}", number + 1),
            DeviceKind::Counter,
            profile,
        );
    }
    for number in 1..=plan.detectors {
        match plan.kind {
            ScanKind::Line | ScanKind::Mesh => {}
            ScanKind::Mca => {
                let spectrum = Signal::Spectrum(Spectrometer::new(plan.mca_size));
                add(format!("simulation:mca{number}"), DeviceKind::Mca, spectrum);
            }
            ScanKind::Image => {
                let camera = Camera::new(plan.image_size.height, plan.image_size.width);
                let stream = format!("simulation:camera{number}");
                add(stream, DeviceKind::Camera, Signal::Image(camera));
            }
        }
    }
    channels
}

fn native(kind: DTypeKind, size: usize) -> DType {
    DType {
        kind,
        size,
        big_endian: cfg!(target_endian = "big"),
    }
}
