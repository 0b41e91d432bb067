//! Measures how fast a scan is read: entries and bytes per second, and the cost of scanning alone.
//!
//! ```text
//! cargo run --release -p blissdata --example read_rate -- [CHANNELS [ENTRIES [POINTS]]]
//! ```
//!
//! Publishes CHANNELS streams (20) of ENTRIES entries (25000) of POINTS numbers of 8 bytes (1) in a
//! private Redis, then reads them.

use std::error::Error;
use std::time::{Duration, Instant};

use blissdata::entries::EntryScanner;
use blissdata::reader::{ReaderEvent, ScanReader};
use blissdata::store::DataStore;
use redis_client::Command;
use serde_json::{Map, Value, json};
use simulation::redis::{PrivateRedis, RedisOptions};

const KEY: &str = "esrf:scan:RATE";
/// Entries that are read at once to time the parts of reading alone.
const SAMPLE: usize = 100_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut sizes = std::env::args().skip(1).map(|size| size.parse::<usize>());
    let channels = sizes.next().transpose()?.unwrap_or(20);
    let entries = sizes.next().transpose()?.unwrap_or(25_000);
    let points = sizes.next().transpose()?.unwrap_or(1);

    let redis = PrivateRedis::start(&RedisOptions::new()).await?;
    let store = DataStore::connect(&redis.url()).await?;
    publish(&store, channels, entries, points).await?;
    scan_alone(&store).await?;

    let processor = processor_time();
    let start = Instant::now();
    let mut reader = ScanReader::open(&store, &KEY.parse()?).await?;
    for channel in 0..channels {
        reader.follow(&format!("channel{channel}"), 0)?;
    }
    let (mut read, mut bytes, mut blocks, mut calls, mut greatest) = (0, 0, 0, 0, 0);
    while !reader.finished() {
        calls += 1;
        let mut size = 0;
        for event in reader.next().await? {
            if let ReaderEvent::Points(block) = event {
                read += block.count;
                size += block.data.len();
                blocks += 1;
            }
        }
        bytes += size;
        greatest = greatest.max(size);
    }
    let wall = start.elapsed();
    let used = processor_time() - processor;
    let total = (channels * entries) as f64;
    println!("read     {read} points, {bytes} bytes, {blocks} blocks, {calls} calls");
    println!("         at most {greatest} bytes of data in one call");
    println!(
        "wall     {wall:.3?}: {:.0} entries/s",
        total / wall.as_secs_f64()
    );
    println!(
        "         {:.0} MB/s of data",
        bytes as f64 / 1e6 / wall.as_secs_f64()
    );
    println!(
        "reader   {used:.3?} of processor: {:.0} ns/entry",
        used.as_nanos() as f64 / total
    );
    Ok(())
}

/// Publishes the scan in its raw form, as fast as Redis takes it.
async fn publish(
    store: &DataStore,
    channels: usize,
    entries: usize,
    points: usize,
) -> Result<(), Box<dyn Error>> {
    let encoding = json!({"type": "numeric", "dtype_str": "<f8", "shape": []});
    let model = |channel| json!({"pk": format!("RATE{channel}"), "encoding": encoding});
    let streams: Map<String, Value> = (0..channels)
        .map(|channel| (format!("channel{channel}"), model(channel)))
        .collect();
    let document = json!({
        "id": {"name": "rate", "number": 1, "data_policy": "none"},
        "info": {}, "state_stream": {"pk": "RATE-STATES"}, "data_streams": streams,
    });
    store
        .call(
            &Command::new("JSON.SET")
                .arg(KEY)
                .arg(".")
                .arg(document.to_string()),
        )
        .await?;
    let mut connection = store.open().await?;
    let payload = vec![1u8; 8 * points];
    for channel in 0..channels {
        let key = format!("esrf:stream:RATE{channel}");
        for entry in 0..entries {
            let id = format!("{}-1", entry * points);
            let add = Command::new("XADD")
                .arg(&key)
                .arg(id)
                .arg("payload")
                .arg(&payload);
            connection.queue(&if points > 1 {
                add.arg("len").arg(points)
            } else {
                add
            });
            if connection.unsent() >= 1 << 20 {
                connection.flush().await?;
                while connection.try_receive()?.transpose()?.is_some() {}
            }
        }
        while connection.outstanding() > 0 {
            connection.receive().await??;
        }
        let seal = format!("{0}-{0}", u64::MAX);
        let total = entries * points;
        store
            .call(
                &Command::new("XADD")
                    .arg(&key)
                    .arg(seal)
                    .arg("id")
                    .arg(total),
            )
            .await?;
    }
    let state = Command::new("XADD")
        .arg("esrf:stream:RATE-STATES")
        .arg("*")
        .arg("state")
        .arg(4);
    store.call(&state).await?;
    Ok(())
}

/// Times Redis and the connection alone, then the scan of a reply in memory alone.
async fn scan_alone(store: &DataStore) -> Result<(), Box<dyn Error>> {
    let mut connection = store.open().await?;
    let range = Command::new("XREAD")
        .arg("COUNT")
        .arg(SAMPLE)
        .arg("STREAMS");
    let range = range.arg("esrf:stream:RATE0").arg("0");
    let (start, processor) = (Instant::now(), processor_time());
    let reply = connection.call_raw(&range).await?;
    let (received, processor) = (start.elapsed(), processor_time() - processor);
    let start = Instant::now();
    let mut scan = EntryScanner::of_xread(&reply)?;
    let (mut entries, mut bytes) = (0, 0);
    while scan.next_stream()?.is_some() {
        while let Some(entry) = scan.next_entry()? {
            entries += 1;
            bytes += entry.payload.map_or(0, <[u8]>::len);
        }
    }
    let scanned = start.elapsed();
    let each = |time: Duration| time.as_nanos() as f64 / f64::from(entries);
    println!(
        "reply    {} bytes, {entries} entries, {bytes} bytes of data",
        reply.len()
    );
    println!(
        "receive  {received:.3?}: {:.0} ns/entry, {:.0} of it ours",
        each(received),
        each(processor)
    );
    println!("scan     {scanned:.3?}: {:.0} ns/entry", each(scanned));
    Ok(())
}

/// Processor time of this thread so far.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}
