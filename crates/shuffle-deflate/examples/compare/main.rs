//! Compares size and speed with other encoders, and prints a table.
//!
//!     cargo run --release --example compare -- [OPTION]...
//!
//!     --bytes N           the size of a chunk (default: 1048576)
//!     --rounds N          how often each chunk is encoded; the fastest time counts (default: 15)
//!     --kind TEXT         only the kinds of generated data whose name contains the text
//!     --file PATH         elements of a file instead of generated data
//!     --item N            the size of the elements of --file (default: 1)
//!     --npy FOLDER        the arrays in the .npy files of a folder instead of generated data
//!     --markdown          the table as Markdown
//!
//! All speeds are in MB of elements per second, with the shuffle, on one thread. With the feature `isal`,
//! ISA-L is compared, too (on Debian `libisal-dev`).

#[path = "../../tests/common/mod.rs"]
mod common;
mod data;
#[cfg(feature = "isal")]
mod isal;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use libdeflater::{CompressionLvl, Compressor, Decompressor};
use shuffle_deflate::{Encoder, bound, shuffle};

use data::{DataSet, Options};

/// An encoder of shuffled chunks. Returns the length of the stream.
type Encode = Box<dyn FnMut(&[u8], usize, &mut [u8]) -> Result<usize, String>>;

struct Method {
    name: &'static str,
    encode: Encode,
}

/// What one method makes of one set of data.
struct Outcome {
    length: usize,
    fastest: Duration,
}

fn main() -> ExitCode {
    let options = match Options::from_arguments() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("compare: {error}");
            return ExitCode::from(2);
        }
    };
    match compare(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(options: &Options) -> Result<(), String> {
    let mut methods = methods()?;
    let names: Vec<_> = methods.iter().map(|method| method.name).collect();
    print_row(options, "data", "item", "libdeflate 1", &names, &names);
    if options.markdown {
        println!("|---|---|---|{}", "---|".repeat(2 * names.len()));
    }
    for set in options.data_sets()? {
        let outcomes = measure(&set, options.rounds, &mut methods)?;
        let bytes: usize = set.chunks.iter().map(Vec::len).sum();
        let first = outcomes[0].length as f64;
        let sizes: Vec<_> = outcomes
            .iter()
            .map(|outcome| format!("{:.1} %", 100.0 * outcome.length as f64 / first))
            .collect();
        let speeds: Vec<_> = outcomes
            .iter()
            .map(|outcome| format!("{:.0}", 1e-6 * bytes as f64 / outcome.fastest.as_secs_f64()))
            .collect();
        let share = format!("{:.1} %", 100.0 * first / bytes as f64);
        print_row(
            options,
            &set.name,
            &set.item.to_string(),
            &share,
            &sizes,
            &speeds,
        );
    }
    Ok(())
}

fn print_row<T: AsRef<str>>(
    options: &Options,
    name: &str,
    item: &str,
    share: &str,
    sizes: &[T],
    speeds: &[T],
) {
    let columns: Vec<&str> = sizes.iter().chain(speeds).map(AsRef::as_ref).collect();
    if options.markdown {
        println!("| {name} | {item} | {share} | {} |", columns.join(" | "));
        return;
    }
    print!("{name:32} {item:>4} {share:>12}");
    for (index, column) in columns.iter().enumerate() {
        let separator = if index == sizes.len() { " |" } else { "" };
        print!("{separator} {column:>12}");
    }
    println!();
}

/// The first one is what the others are compared with.
fn methods() -> Result<Vec<Method>, String> {
    let mut methods = vec![
        Method {
            name: "libdeflate 1",
            encode: libdeflate(1)?,
        },
        Method {
            name: "libdeflate 6",
            encode: libdeflate(6)?,
        },
    ];
    #[cfg(feature = "isal")]
    {
        let mut isal = isal::Isal::new(1);
        let encode = shuffled(move |bytes, target| isal.encode(bytes, target));
        methods.push(Method {
            name: "ISA-L 1",
            encode,
        });
    }
    let mut encoder = Encoder::new();
    methods.push(Method {
        name: "this crate",
        encode: Box::new(move |chunk, item, target| {
            encoder
                .encode(chunk, item, target)
                .map_err(|error| error.to_string())
        }),
    });
    Ok(methods)
}

fn libdeflate(level: i32) -> Result<Encode, String> {
    let level = CompressionLvl::new(level).map_err(|error| format!("{error:?}"))?;
    let mut compressor = Compressor::new(level);
    Ok(shuffled(move |bytes, target| {
        compressor
            .zlib_compress(bytes, target)
            .map_err(|error| error.to_string())
    }))
}

/// Shuffles for an encoder that does not.
fn shuffled(mut encode: impl FnMut(&[u8], &mut [u8]) -> Result<usize, String> + 'static) -> Encode {
    let mut buffer = Vec::new();
    Box::new(move |chunk, item, target| {
        buffer.resize(chunk.len(), 0);
        shuffle(chunk, item, &mut buffer);
        encode(&buffer, target)
    })
}

/// Encodes with all methods in turn, so that all of them meet the same disturbances.
fn measure(set: &DataSet, rounds: usize, methods: &mut [Method]) -> Result<Vec<Outcome>, String> {
    let mut outcomes: Vec<Outcome> = Vec::new();
    outcomes.resize_with(methods.len(), || Outcome {
        length: 0,
        fastest: Duration::ZERO,
    });
    let largest = set.chunks.iter().map(Vec::len).max().unwrap_or(0);
    let mut target = vec![0; bound(largest) + largest / 8];
    for chunk in &set.chunks {
        let mut fastest = vec![Duration::MAX; methods.len()];
        for round in 0..rounds {
            for (index, method) in methods.iter_mut().enumerate() {
                let start = Instant::now();
                let length = (method.encode)(chunk, set.item, &mut target)?;
                fastest[index] = fastest[index].min(start.elapsed());
                if round == 0 {
                    outcomes[index].length += length;
                    verify(chunk, set.item, &target[..length])
                        .map_err(|error| format!("{} of {}: {error}", set.name, method.name))?;
                }
            }
        }
        for (outcome, fastest) in outcomes.iter_mut().zip(fastest) {
            outcome.fastest += fastest;
        }
    }
    Ok(outcomes)
}

fn verify(chunk: &[u8], item: usize, stream: &[u8]) -> Result<(), String> {
    let mut expected = vec![0; chunk.len()];
    shuffle(chunk, item, &mut expected);
    let mut decoded = vec![0; chunk.len()];
    let length = Decompressor::new().zlib_decompress(stream, &mut decoded);
    if length != Ok(chunk.len()) || decoded != expected {
        return Err(format!("the stream is wrong: {length:?}"));
    }
    Ok(())
}
