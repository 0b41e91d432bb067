//! Measures what saving scans takes at least: to receive them from Redis, and to compress them.
//!
//! ```text
//! cargo run --release -p writer --example saving_floor -- [--encode] URL KEY...
//! ```
//!
//! The replies that a writer needs are requested once, to learn what has to be requested and how long the replies
//! are. Then they are requested again, and the time is measured until the last byte has arrived: nothing is parsed,
//! and Redis always has another request. With `--encode`, the points of all streams are compressed meanwhile, in
//! chunks of 1 MiB, by as many threads as there are processors. The last line is JSON, with the seconds that this
//! took.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use blissdata::document::ScanDocument;
use blissdata::encoding::Encoding;
use blissdata::entries::{EntryId, EntryScanner, SEAL};
use blissdata::store::ScanKey;
use redis_client::{Command, Connection, RedisUrl, Value};

/// Wanted size of a reply in bytes, as the reader of scans has it for half of the streams.
const REPLY: usize = 2 << 20;

/// Entries of each stream in the first request, before their size is known.
const FIRST_COUNT: usize = 4;

/// Size of a chunk in bytes. Scans of fewer points have smaller ones.
const CHUNK: usize = 1 << 20;

/// What is sent, and the number of bytes that come back.
struct Exchange {
    request: Vec<u8>,
    reply: usize,
}

/// A chunk of points to compress.
struct Chunk {
    bytes: Vec<u8>,
    item: usize,
}

/// A stream that is read to its end.
struct Stream {
    key: String,
    after: EntryId,
    has_ended: bool,
    item: usize,
    points: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let encodes = arguments.first().is_some_and(|first| first == "--encode");
    if encodes {
        arguments.remove(0);
    }
    let [url, keys @ ..] = arguments.as_slice() else {
        return Err("usage: saving_floor [--encode] URL KEY...".into());
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (exchanges, chunks) = runtime.block_on(plan(&url.parse()?, keys))?;

    let start = Instant::now();
    let next = AtomicUsize::new(0);
    let received = thread::scope(|scope| {
        if encodes {
            let threads = thread::available_parallelism().map_or(1, usize::from);
            for _ in 0..threads {
                scope.spawn(|| encode(&chunks, &next));
            }
        }
        receive(url, &exchanges)
    })?;
    let seconds = start.elapsed().as_secs_f64();
    eprintln!("{received} bytes in {} replies", exchanges.len());
    println!("{{\"seconds\": {seconds}}}");
    Ok(())
}

/// Reads the scans. Returns the requests, and the chunks of all points.
async fn plan(
    url: &RedisUrl,
    keys: &[String],
) -> Result<(Vec<Exchange>, Vec<Chunk>), Box<dyn Error>> {
    let mut connection = Connection::open(url).await?;
    let (mut exchanges, mut chunks) = (Vec::new(), Vec::new());
    for key in keys {
        let document = Command::new("JSON.GET").arg(key);
        exchange(&mut connection, &document, &mut exchanges).await?;
        let Value::Text(text) = connection.call(&document).await? else {
            return Err(format!("there is no scan {key}").into());
        };
        let document = ScanDocument::parse(&ScanKey::new(key.clone())?, &text)?;
        let streams = document.streams.values();
        let mut streams: Vec<Stream> = streams
            .map(|model| Stream {
                key: model.key.clone(),
                after: EntryId::START,
                has_ended: false,
                item: match &model.encoding {
                    Ok(Encoding::Numeric { dtype, .. }) => dtype.size,
                    _ => 1,
                },
                points: Vec::new(),
            })
            .collect();
        read(&mut connection, &mut streams, &mut exchanges).await?;
        for stream in streams {
            let parts = stream.points.chunks(CHUNK);
            chunks.extend(parts.map(|part| Chunk {
                bytes: part.to_vec(),
                item: stream.item,
            }));
        }
    }
    Ok((exchanges, chunks))
}

/// Reads streams to their ends.
async fn read(
    connection: &mut Connection,
    streams: &mut [Stream],
    exchanges: &mut Vec<Exchange>,
) -> Result<(), Box<dyn Error>> {
    let mut count = FIRST_COUNT;
    loop {
        let active: Vec<&Stream> = streams.iter().filter(|stream| !stream.has_ended).collect();
        if active.is_empty() {
            return Ok(());
        }
        let command = Command::new("XREAD").arg("COUNT").arg(count);
        let command = command
            .arg("STREAMS")
            .args(active.iter().map(|stream| &stream.key));
        let command = command.args(active.iter().map(|stream| stream.after.to_string()));
        let asked = active.len();
        let reply = exchange(connection, &command, exchanges).await?;
        let mut scanner = EntryScanner::of_xread(&reply)?;
        let mut entries = 0;
        while let Some(head) = scanner.next_stream()? {
            let found = |stream: &&mut Stream| stream.key.as_bytes() == head.key;
            let Some(stream) = streams.iter_mut().find(found) else {
                return Err("the reply has a stream that was not asked for".into());
            };
            while let Some(entry) = scanner.next_entry()? {
                entries += 1;
                stream.after = entry.id;
                stream.has_ended = entry.id.first == SEAL;
                stream
                    .points
                    .extend_from_slice(entry.payload.unwrap_or_default());
            }
        }
        if entries == 0 {
            return Err("a stream has no end".into());
        }
        count = (REPLY * entries / reply.len() / asked).max(1);
    }
}

/// Makes a request, and notes it.
async fn exchange(
    connection: &mut Connection,
    command: &Command,
    exchanges: &mut Vec<Exchange>,
) -> Result<bytes::Bytes, Box<dyn Error>> {
    let reply = connection.call_raw(command).await?;
    exchanges.push(Exchange {
        request: command.to_bytes(),
        reply: reply.len(),
    });
    Ok(reply)
}

/// Makes all requests, each before the reply to the one before has been received. Returns the number of bytes.
fn receive(url: &str, exchanges: &[Exchange]) -> Result<usize, std::io::Error> {
    match url.strip_prefix("unix://") {
        Some(path) => receive_from(&mut UnixStream::connect(path)?, exchanges),
        None => {
            let address = url.trim_start_matches("redis://");
            receive_from(&mut TcpStream::connect(address)?, exchanges)
        }
    }
}

fn receive_from(
    server: &mut (impl Read + Write),
    exchanges: &[Exchange],
) -> Result<usize, std::io::Error> {
    let mut buffer = vec![0; 256 << 10];
    let mut requests = exchanges.iter().map(|exchange| &exchange.request);
    let mut received = 0;
    if let Some(first) = requests.next() {
        server.write_all(first)?;
    }
    for exchange in exchanges {
        if let Some(next) = requests.next() {
            server.write_all(next)?;
        }
        let mut missing = exchange.reply;
        while missing > 0 {
            let room = missing.min(buffer.len());
            let length = server.read(&mut buffer[..room])?;
            if length == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            missing -= length;
            received += length;
        }
    }
    Ok(received)
}

/// Compresses chunks that no other thread has taken.
fn encode(chunks: &[Chunk], next: &AtomicUsize) {
    let mut encoder = shuffle_deflate::Encoder::new();
    let mut target = vec![0; shuffle_deflate::bound(CHUNK)];
    while let Some(chunk) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
        if let Err(error) = encoder.encode(&chunk.bytes, chunk.item, &mut target) {
            eprintln!("a chunk is not compressed: {error}");
        }
    }
}
