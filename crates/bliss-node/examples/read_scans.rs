//! Measures how fast the points of scans are read from Redis, with nothing done with them: `cargo run --release --example
//! read_scans URL KEY...`.

use std::time::Instant;

use bliss_node::reader::{ReaderEvent, ScanReader};
use bliss_node::store::NodeStore;
use redis_client::RedisUrl;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("usage: read_scans URL KEY...")?;
    let url: RedisUrl = url.parse()?;
    let store = NodeStore::new(&url);
    let start = Instant::now();
    let (mut blocks, mut points, mut bytes) = (0u64, 0, 0);
    for key in arguments {
        let mut reader = ScanReader::open(&store, &key.parse()?).await?;
        while !reader.is_finished() {
            for event in reader.next().await? {
                match event {
                    ReaderEvent::Stream(stream) => reader.follow(stream, 0)?,
                    ReaderEvent::Points(block) => {
                        blocks += 1;
                        points += block.count;
                        bytes += block.data.len();
                    }
                    ReaderEvent::Lost { .. } => return Err(format!("{key}: {event:?}").into()),
                    _ => {}
                }
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{points} points of {bytes} bytes in {blocks} blocks: {seconds:.3} s");
    Ok(())
}
