//! Chunks that are shown before they are full, and what becomes of their places.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};

use bytes::Bytes;
use nexus::dataset::{StreamDataset, WritePolicy};
use nexus::tree::{ChunkOptions, ElementType};
use serde_json::json;

use crate::support::*;

/// A reader that keeps the file open.
struct Reader {
    process: Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Reader {
    fn of(writer: &Writer, path: &str, count: u64) -> Reader {
        let mut process = crate::common::python()
            .arg(crate::common::script("keep.py"))
            .arg(&writer.path)
            .args([path, &count.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let mut reader = Reader { process, answers };
        assert_eq!(reader.answer(), "ready");
        reader
    }

    fn answer(&mut self) -> String {
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        answer.trim().to_owned()
    }

    /// Returns `true` if the reader still sees what it saw first.
    fn sees(&mut self) -> bool {
        let input = self.process.stdin.as_mut().unwrap();
        input.write_all(b"again\n").unwrap();
        self.answer() == "True"
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}

async fn fill(dataset: &mut StreamDataset, data: &Bytes, points: std::ops::Range<usize>) {
    let part = data.slice(8 * points.start..8 * points.end);
    let (first, count) = (points.start as u64, points.len() as u64);
    dataset.append(first, count, None, part).unwrap();
    dataset.settle().await.unwrap();
}

/// Returns numbers that filters make smaller, but not four times: 16 bits of each are random.
fn random(count: usize) -> impl Iterator<Item = u16> {
    let mut state = 1u32;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as u16
    })
    .take(count)
}

#[test]
fn a_reader_with_an_old_index_sees_no_garbage() {
    let writer = Writer::new();
    // Chunks of 32 769 points.
    let storage = (&[131_073][..], ChunkOptions::default());
    // With and without filters, in the middle of the file and at its end.
    let cases = [
        ("a", count(0, 100_000), 0, true),
        ("b", count(0, 100_000), 0, false),
        ("c", doubles(random(100_000).map(f64::from)), 3, true),
        ("d", doubles(random(100_000).map(f64::from)), 3, false),
    ];
    run(async {
        for (name, data, mask, behind) in &cases {
            let mut dataset = writer.declared(name, DOUBLE, &[], storage, WritePolicy::live());
            fill(&mut dataset, data, 0..20_000).await;
            shown(&mut dataset, 20_000).await;
            if *behind {
                let other = format!("other than {name}");
                let mut other = writer.dataset(&other, DOUBLE, &[], WritePolicy::live());
                other.append(0, 1, None, count(0, 1)).unwrap();
                other.expose().unwrap();
            }
            let old = writer.seen(name).unwrap();
            assert_eq!(old.filter_masks(), [*mask]);
            assert!(old.bytes == data[..8 * 20_000]);
            let mut reader = Reader::of(&writer, name, 20_000);
            // The first chunk is shown again, with more points.
            fill(&mut dataset, data, 20_000..25_000).await;
            shown(&mut dataset, 25_000).await;
            let shown_again = writer.seen(name).unwrap();
            assert!(shown_again.bytes == data[..8 * 25_000]);
            assert!(reader.sees());
            // It is replaced; those that follow look for places too.
            fill(&mut dataset, data, 25_000..100_000).await;
            dataset.drain().await;
            let new = writer.seen(name).unwrap();
            let place = |seen: &Seen, n: usize| {
                let stored = &seen.layout["stored"][n];
                let [address, size] = [2, 3].map(|field| stored[field].as_u64().unwrap());
                address..address + size
            };
            for old in [&old, &shown_again] {
                for n in 0..3 {
                    let (old, new) = (place(old, 0), place(&new, n));
                    assert!(old.end <= new.start || new.end <= old.start, "{name} {n}");
                }
            }
            assert!(reader.sees(), "{name}");
            assert!(new.bytes == data[..new.bytes.len()]);
            dataset.close().await.unwrap();
        }
    });
    writer.file.flush().unwrap();
    for (name, data, ..) in &cases {
        assert!(
            seen(&writer.path, name).unwrap().bytes == data[..],
            "{name}"
        );
    }
}

#[test]
fn many_chunks_of_a_row_are_replaced() {
    let writer = Writer::new();
    // Chunks of 128 x 256.
    let element = ElementType::Uint(4, LITTLE);
    let storage = (&[0][..], ChunkOptions::default());
    let cases = [
        ("sparse", pattern(4 * 1024 * 300), [0; 4]),
        (
            "mca",
            random(1024 * 300)
                .flat_map(|n| u32::from(n).to_le_bytes())
                .collect(),
            [3; 4],
        ),
    ];
    run(async {
        for (name, data, parts) in &cases {
            let points = |from: usize, to: usize| data.slice(4096 * from..4096 * to);
            let mut dataset = writer.declared(
                name,
                element.clone(),
                &[Some(1024)],
                storage,
                WritePolicy::live(),
            );
            dataset.append(0, 50, None, points(0, 50)).unwrap();
            shown(&mut dataset, 50).await;
            let seen = writer.seen(name).unwrap();
            assert_eq!(seen.filter_masks(), parts);
            assert!(seen.bytes == data[..4096 * 50]);
            dataset.append(50, 250, None, points(50, 300)).unwrap();
            shown(&mut dataset, 300).await;
            let seen = writer.seen(name).unwrap();
            assert_eq!(seen.filter_masks(), [[0; 8].as_slice(), parts].concat());
            assert!(seen.bytes == data[..]);
            dataset.close().await.unwrap();
        }
    });
    writer.file.flush().unwrap();
    for (name, data, _) in &cases {
        let seen = seen(&writer.path, name).unwrap();
        assert_eq!(seen.layout["chunks"], json!([128, 256]));
        assert_eq!(seen.filter_masks(), [0; 12]);
        assert!(seen.bytes == data[..]);
    }
}
