//! Measures how fast the points of a grid of spectra are written.
//!
//! Usage: `grid_rate FOLDER [live|backlog] [WORKERS]`. It writes the file `grid.h5` in the folder: 200 x 200 spectra of
//! 1,024 channels, with shuffle and deflate. With `live` readers see the points four times per second.

use std::error::Error;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hub::Hub;
use nexus::chunk::EncoderPool;
use nexus::dataset::{StoreQueue, StreamDataset, WritePolicy};
use nexus::h5::File;
use nexus::tree::{ByteOrder, ChunkOptions, DeclaredStorage, ElementType, StreamStorage};

const SCAN: [u64; 2] = [200, 200];
const CHANNELS: u64 = 1024;
/// The number of points that come at once.
const BLOCK: u64 = 50;
const FLUSH_TIME: Duration = Duration::from_millis(250);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("a folder is missing")?;
    let policy = match arguments.next().as_deref() {
        Some("backlog") => WritePolicy::backlog(),
        _ => WritePolicy::live(),
    };
    let workers = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let path = Path::new(&folder).join("grid.h5");
    if path.exists() {
        std::fs::remove_file(&path)?;
    }
    let spectra: Vec<Bytes> = (0..16).map(spectra).collect();
    Hub::new()?.run(async {
        let file = File::create(&path)?;
        let pool = EncoderPool::with_workers(workers, 8 << 20, Arc::default())?;
        let store_queue = StoreQueue::new(Arc::new(pool));
        let start = Instant::now();
        let mut dataset = StreamDataset::new(
            Rc::new(file.root()?),
            "grid",
            ElementType::Uint(4, ByteOrder::Little),
            vec![Some(CHANNELS)],
            StreamStorage::Declared(DeclaredStorage {
                scan: SCAN.to_vec(),
                chunks: ChunkOptions::default(),
            }),
            policy,
            store_queue,
        )?;
        let mut flushed = Instant::now();
        for (block, data) in (0..SCAN.iter().product::<u64>() / BLOCK).zip(spectra.iter().cycle()) {
            dataset.append(block * BLOCK, BLOCK, None, data.clone())?;
            dataset.settle().await?;
            if flushed.elapsed() >= FLUSH_TIME {
                dataset.drain().await;
                dataset.expose()?;
                file.flush()?;
                flushed = Instant::now();
            }
        }
        dataset.close().await?;
        file.close()?;
        let size = std::fs::metadata(&path)?.len() >> 20;
        println!("{:.2} s, {size} MiB", start.elapsed().as_secs_f64());
        Ok(())
    })
}

/// Returns a block of spectra: noisy counts on a background that falls, with a few lines.
fn spectra(seed: u64) -> Bytes {
    let mut state = seed;
    let mut noise = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as u32
    };
    let count = |channel: u64, noise: u32| {
        let background = 400 / (1 + channel / 8);
        let line = if channel % 200 < 12 { 3000 } else { 0 };
        let most = background + line + 2;
        noise % most as u32
    };
    (0..BLOCK * CHANNELS)
        .flat_map(|index| count(index % CHANNELS, noise()).to_le_bytes())
        .collect()
}
