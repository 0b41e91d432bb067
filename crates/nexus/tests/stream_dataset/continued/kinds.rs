//! The kinds of datasets that are continued: streams, and how they are stored.

use bytes::Bytes;
use nexus::dataset::{StreamDataset, WritePolicy};
use nexus::tree::{ChunkOptions, CompressionScheme, DeclaredStorage, ElementType, StreamStorage};

use crate::support::*;

/// A stream, and how it is stored.
pub struct DatasetKind {
    pub name: String,
    pub element: ElementType,
    /// Shape of a point.
    pub shape: Vec<Option<u64>>,
    pub storage: StreamStorage,
    pub policy: WritePolicy,
    pub points: u64,
}

/// Returns all kinds of datasets that can be continued.
pub fn kinds() -> Vec<DatasetKind> {
    let free = |name: &str, element: ElementType, shape: &[Option<u64>], points| {
        [small(WritePolicy::live()), small(WritePolicy::backlog())].map(|policy| DatasetKind {
            name: format!("{name} {:?}", policy.mode),
            element: element.clone(),
            shape: shape.to_vec(),
            storage: StreamStorage::Automatic,
            policy,
            points,
        })
    };
    let declared = |name: &str, scan: &[u64], shape: &[Option<u64>], scheme, points| {
        [small(WritePolicy::live()), small(WritePolicy::backlog())].map(|policy| DatasetKind {
            name: format!("{name} {scheme:?} {:?}", policy.mode),
            element: DOUBLE,
            shape: shape.to_vec(),
            storage: StreamStorage::Declared(DeclaredStorage {
                scan: scan.to_vec(),
                chunks: ChunkOptions {
                    chunk_nbytes: 4096,
                    compression_limit_nbytes: 0,
                    scheme,
                    ..ChunkOptions::default()
                },
            }),
            policy,
            points,
        })
    };
    let mut kinds = Vec::new();
    kinds.extend(free("few", DOUBLE, &[], 300));
    kinds.extend(free("many", DOUBLE, &[], 9000));
    kinds.extend(free("flags", ElementType::Bool, &[], 2000));
    let complex = ElementType::Complex(16, LITTLE);
    kinds.extend(free("spectra", complex, &[Some(100)], 150));
    let uint = ElementType::Uint(2, LITTLE);
    kinds.extend(free("images", uint, &[Some(90), Some(110)], 40));
    kinds.extend(free("lengths", DOUBLE, &[None], 400));
    for scheme in [
        CompressionScheme::None,
        CompressionScheme::Gzip,
        CompressionScheme::ByteShuffle,
        CompressionScheme::GzipByteShuffle,
        CompressionScheme::BitShuffle,
        CompressionScheme::Lz4BitShuffle,
    ] {
        kinds.extend(declared("list", &[0], &[], scheme, 2500));
    }
    for scheme in [
        CompressionScheme::None,
        CompressionScheme::GzipByteShuffle,
        CompressionScheme::ByteShuffle,
    ] {
        kinds.extend(declared("list of spectra", &[0], &[Some(90)], scheme, 200));
        kinds.extend(declared("list of lengths", &[0], &[None], scheme, 100));
        kinds.extend(declared("map", &[20, 30], &[], scheme, 620));
        kinds.extend(declared("map of spectra", &[5, 8], &[Some(50)], scheme, 40));
    }
    kinds.extend(declared("single", &[], &[], CompressionScheme::None, 1));
    kinds.extend(declared(
        "spectrum",
        &[],
        &[Some(700)],
        CompressionScheme::Gzip,
        1,
    ));
    kinds
}

impl DatasetKind {
    /// Returns `true` if the dataset shows how many points it has received.
    pub fn shows_count(&self) -> bool {
        !matches!(&self.storage, StreamStorage::Declared(declared) if declared.scan.len() != 1)
    }

    fn shape_of(&self, point: u64) -> Vec<u64> {
        let lengths = self.shape.iter();
        lengths.map(|it| it.unwrap_or(point * 7 % 31)).collect()
    }

    fn data(&self, point: u64) -> Vec<u8> {
        let elements: u64 = self.shape_of(point).iter().product();
        let size = elements as usize * self.element.size().unwrap();
        let byte = |n: usize| (n as u64 / 3 * (n as u64 + point) % 61 + point) as u8;
        match self.element {
            ElementType::Bool => vec![(point % 3) as u8 & 1],
            // Some chunks are not worth compressing.
            DOUBLE if point % 5 < 3 => (point as f64)
                .sqrt()
                .to_le_bytes()
                .repeat(elements as usize),
            _ => (0..size).map(byte).collect(),
        }
    }

    /// Returns `true` if the point never comes.
    fn is_missing(&self, point: u64) -> bool {
        self.points > 1 && (point / 7) % 11 == 4
    }

    /// Appends the points before `to`, and skips those that never come.
    pub fn feed(&self, dataset: &mut StreamDataset, to: u64) {
        while dataset.points() < to {
            let first = dataset.points();
            if self.is_missing(first) {
                dataset.skip(1).unwrap();
                continue;
            }
            let shape = self.shape_of(first);
            let alike = |point: &u64| !self.is_missing(*point) && self.shape_of(*point) == shape;
            let data: Vec<_> = (first..to)
                .take_while(alike)
                .map(|point| self.data(point))
                .collect();
            let count = data.len() as u64;
            let data = Bytes::from(data.concat());
            dataset.append(first, count, Some(&shape), data).unwrap();
        }
    }

    pub fn dataset(&self, writer: &Writer, path: &str) -> StreamDataset {
        let (root, store_queue) = (writer.root.clone(), writer.store_queue.clone());
        let (element, shape) = (self.element.clone(), self.shape.clone());
        let (storage, policy) = (self.storage.clone(), self.policy);
        StreamDataset::resume(root, path, element, shape, storage, policy, store_queue).unwrap()
    }
}
