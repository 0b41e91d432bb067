//! Grids with filters: their points share chunks with those of other rows.

use std::collections::BTreeMap;

use bytes::Bytes;
use nexus::dataset::{StreamDataset, WritePolicy};
use nexus::tree::{ChunkOptions, CompressionScheme, DeclaredStorage, ElementType, StreamStorage};
use serde_json::json;

use crate::support::*;

const SCHEMES: [CompressionScheme; 5] = [
    CompressionScheme::Gzip,
    CompressionScheme::ByteShuffle,
    CompressionScheme::GzipByteShuffle,
    CompressionScheme::BitShuffle,
    CompressionScheme::Lz4BitShuffle,
];

/// A type whose fill value is not zero.
const ELEMENT: ElementType = ElementType::Float(2, LITTLE);
const FILL: [u8; 2] = [0x00, 0x7e];

/// A stream of points that fill a grid.
struct Grid {
    name: String,
    scan: Vec<u64>,
    /// The declared shape of a point, with `None` for lengths that vary.
    shape: Vec<Option<u64>>,
    chunks: ChunkOptions,
    policy: WritePolicy,
    /// The number of points, which may be more or fewer than those of the grid.
    points: u64,
    /// The distance of two points that are missing, or 0 if none is.
    missing: u64,
}

impl Grid {
    fn random(number: usize, random: &mut Random) -> Grid {
        let scan_rank = 2 + random.below(2);
        let scan = random.lengths(scan_rank, 9);
        let rank = random.below(5 - scan_rank);
        let shape = random.lengths(rank, 40).into_iter().map(Some);
        let mut shape: Vec<_> = shape.collect();
        if let Some(length) = shape.first_mut().filter(|_| number.is_multiple_of(3)) {
            *length = None;
        }
        let planned: u64 = scan.iter().product();
        let policy = match random.below(2) {
            0 => WritePolicy::live(),
            _ => WritePolicy::backlog(),
        };
        // With the small size a band does not fit into memory.
        let chunk = [1 << 20, 8][random.below(2) as usize];
        Grid {
            name: format!("{number}"),
            scan,
            shape,
            chunks: ChunkOptions {
                chunk_nbytes: 2 << random.below(12),
                chunk_split: 1 + random.below(4),
                compression_limit_nbytes: 0,
                scheme: SCHEMES[number % SCHEMES.len()],
            },
            policy: WritePolicy { chunk, ..policy },
            points: planned - random.below(planned) / 4 + random.below(planned) / 3,
            missing: [0, 3, 10][random.below(3) as usize],
        }
    }

    fn dataset(&self, writer: &Writer) -> StreamDataset {
        let (scan, chunks) = (self.scan.clone(), self.chunks);
        let storage = StreamStorage::Declared(DeclaredStorage { scan, chunks });
        let (root, store_queue) = (writer.root.clone(), writer.store_queue.clone());
        let (path, shape, policy) = (&self.name, self.shape.clone(), self.policy);
        StreamDataset::resume(root, path, ELEMENT, shape, storage, policy, store_queue).unwrap()
    }

    fn is_missing(&self, point: u64) -> bool {
        self.missing > 0 && point % self.missing == 1
    }

    /// The lengths of a point. They grow beyond those that were declared.
    fn shape_of(&self, point: u64) -> Vec<u64> {
        let length = |length: &Option<u64>| length.unwrap_or(point * 7 % 11 + point / 20);
        self.shape.iter().map(length).collect()
    }

    /// The bytes of a point. Some chunks are not worth compressing.
    fn data(&self, point: u64) -> Vec<u8> {
        let elements: u64 = self.shape_of(point).iter().product();
        let mut noise = Random(point);
        let number = |n: u64| match point / 5 % 3 {
            0 => noise.below(30_000) as u16,
            _ => (n / 7 + point) as u16,
        };
        (0..elements)
            .map(number)
            .flat_map(u16::to_le_bytes)
            .collect()
    }

    /// Adds the points before `to`. Points for which `skip` is `true` are skipped.
    fn feed(&self, dataset: &mut StreamDataset, to: u64, skip: impl Fn(u64) -> bool) {
        while dataset.points() < to {
            let first = dataset.points();
            let shape = self.shape_of(first);
            let skips = skip(first);
            let alike = |point: &u64| skip(*point) == skips && self.shape_of(*point) == shape;
            let points = (first..to).take_while(alike);
            if skips {
                dataset.skip(points.count() as u64).unwrap();
                continue;
            }
            let data: Vec<_> = points.map(|point| self.data(point)).collect();
            let count = data.len() as u64;
            let data = Bytes::from(data.concat());
            dataset.append(first, count, Some(&shape), data).unwrap();
        }
    }

    /// Checks what a reader sees after so many points.
    fn check(&self, seen: &Seen, points: u64) {
        let name = format!(
            "{}: {:?} of {:?}, {points} of {} points, {:?}",
            self.name, self.scan, self.shape, self.points, self.chunks
        );
        let per_row: u64 = self.scan[1..].iter().product();
        let mut extent = self.scan.clone();
        extent[0] = extent[0].max(points.div_ceil(per_row));
        let mut element: Vec<u64> = self.shape.iter().map(|it| it.unwrap_or(0)).collect();
        for point in (0..points).filter(|point| !self.is_missing(*point)) {
            for (length, given) in element.iter_mut().zip(self.shape_of(point)) {
                *length = given.max(*length);
            }
        }
        extent.extend(&element);
        assert_eq!(seen.layout["shape"], json!(extent), "{name}");
        let elements: u64 = element.iter().product();
        let mut expected = Vec::new();
        for point in 0..extent[0] * per_row {
            let mut bytes = FILL.repeat(elements as usize);
            if point < points && !self.is_missing(point) {
                self.place(point, &element, &mut bytes);
            }
            expected.extend(bytes);
        }
        assert!(seen.bytes == expected, "{name}: other values");
    }

    /// Copies a point into an array of the shape `element`.
    fn place(&self, point: u64, element: &[u64], bytes: &mut [u8]) {
        let shape = self.shape_of(point);
        for (index, number) in self.data(point).chunks(2).enumerate() {
            let (mut rest, mut flat, mut size) = (index as u64, 0, 1);
            for (length, present) in shape.iter().zip(element).rev() {
                flat += rest % length * size;
                rest /= length;
                size *= present;
            }
            bytes[2 * flat as usize..][..2].copy_from_slice(number);
        }
    }
}

/// Checks what a reader sees of all grids after these numbers of points.
fn check_all(writer: &Writer, grids: &[Grid], points: &BTreeMap<&str, u64>) {
    let paths: Vec<_> = grids.iter().map(|grid| grid.name.clone()).collect();
    writer.file.flush().unwrap();
    for (grid, seen) in grids.iter().zip(seen_all(&writer.path, &paths)) {
        match points.get(grid.name.as_str()) {
            Some(&points) if points > 0 => grid.check(&seen.unwrap(), points),
            _ => {}
        }
    }
}

#[test]
fn any_grid_holds_its_points() {
    let mut random = Random(1);
    let grids: Vec<_> = (0..45)
        .map(|number| Grid::random(number, &mut random))
        .collect();
    let complete = grids.iter().map(|grid| (grid.name.as_str(), grid.points));
    let complete: BTreeMap<_, _> = complete.collect();
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("killed.h5");
    let writer = Writer::new();
    run(async {
        let mut datasets: Vec<_> = grids.iter().map(|grid| grid.dataset(&writer)).collect();
        let mut shown = BTreeMap::new();
        for (grid, dataset) in grids.iter().zip(&mut datasets) {
            // Up to somewhere in a band, and then a bit further.
            let to = random.below(grid.points);
            for to in [to / 2, to] {
                grid.feed(dataset, to, |point| grid.is_missing(point));
                dataset.settle().await.unwrap();
            }
            dataset.drain().await;
            let before = dataset.visible();
            dataset.expose().unwrap();
            if grid.policy.mode == WritePolicy::live().mode {
                assert_eq!(dataset.visible(), to, "{}", grid.name);
                shown.insert(grid.name.as_str(), to);
            } else {
                assert_eq!(dataset.visible(), before, "{}", grid.name);
            }
        }
        check_all(&writer, &grids, &shown);
        std::fs::copy(&writer.path, &copy).unwrap();
        for (grid, mut dataset) in grids.iter().zip(datasets) {
            while dataset.points() < grid.points {
                let to = dataset.points() + 1 + random.below(grid.points / 2);
                grid.feed(&mut dataset, to.min(grid.points), |point| {
                    grid.is_missing(point)
                });
                dataset.settle().await.unwrap();
                dataset.expose().unwrap();
            }
            assert_eq!(dataset.close().await.unwrap(), grid.points);
        }
        check_all(&writer, &grids, &complete);

        // Another writer goes on in the middle of a band.
        let writer = Writer::open(&copy);
        for grid in &grids {
            let mut dataset = grid.dataset(&writer);
            while dataset.points() < grid.points {
                let to = dataset.points() + 1 + random.below(grid.points / 2);
                grid.feed(&mut dataset, to.min(grid.points), |point| {
                    grid.is_missing(point)
                });
                dataset.expose().unwrap();
                dataset.settle().await.unwrap();
            }
            assert_eq!(dataset.close().await.unwrap(), grid.points);
        }
        check_all(&writer, &grids, &complete);

        // Points that are there already are not lost when they do not come again.
        for grid in &grids {
            let mut dataset = grid.dataset(&writer);
            grid.feed(&mut dataset, grid.points, |point| {
                grid.is_missing(point) || point % 4 < 2
            });
            assert_eq!(dataset.close().await.unwrap(), grid.points);
        }
        check_all(&writer, &grids, &complete);
    });
}

#[test]
fn a_chunk_with_one_filter_of_two_is_replaced() {
    // The library can skip one filter of two, if the filter allows that. The chunk has the size of one without filters.
    let writer = Writer::new();
    writer.file.flush().unwrap();
    let element = ElementType::Uint(2, LITTLE);
    let mut random = Random(3);
    let mut noise = || -> Bytes { (0..64 * 64 * 2).map(|_| random.below(256) as u8).collect() };
    let (first, second) = (noise(), noise());
    let storage = || {
        let chunks = ChunkOptions {
            compression_limit_nbytes: 0,
            ..ChunkOptions::default()
        };
        (&[64, 64][..], chunks)
    };
    run(async {
        let mut dataset = writer.declared(
            "noise",
            element.clone(),
            &[],
            storage(),
            WritePolicy::live(),
        );
        dataset.append(0, 1, None, first.slice(..2)).unwrap();
        dataset.close().await.unwrap();
        writer.file.flush().unwrap();
        let program = "import sys, h5py, numpy\n\
                       data = numpy.fromfile(sys.argv[2], 'u1').reshape(-1, 2).T.tobytes()\n\
                       with h5py.File(sys.argv[1], 'r+', locking=False) as file:\n    \
                       file['noise'].id.write_direct_chunk((0, 0), data, filter_mask=2)";
        let directory = tempfile::tempdir().unwrap();
        let (copy, data) = (
            directory.path().join("copy.h5"),
            directory.path().join("data"),
        );
        std::fs::copy(&writer.path, &copy).unwrap();
        std::fs::write(&data, &first).unwrap();
        testing::output(
            crate::common::python()
                .args(["-c", program])
                .args([&copy, &data]),
        );
        let there = seen(&copy, "noise").unwrap();
        assert!(there.bytes == first);
        assert_eq!(there.filter_masks(), [0b10]);

        let writer = Writer::open(&copy);
        let (scan, chunks) = storage();
        let declared = DeclaredStorage {
            scan: scan.to_vec(),
            chunks,
        };
        let mut dataset = StreamDataset::resume(
            writer.root.clone(),
            "noise",
            element,
            Vec::new(),
            StreamStorage::Declared(declared),
            WritePolicy::live(),
            writer.store_queue.clone(),
        )
        .unwrap();
        dataset.append(0, 64 * 64, None, second.clone()).unwrap();
        dataset.close().await.unwrap();
        assert!(writer.end("noise").bytes == second);
    });
}
