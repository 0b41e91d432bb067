//! Chunks that are shown before they are full, and what becomes of their places.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};

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
        Reader { process, answers }
    }

    /// Whether it sees what it shall see.
    fn sees(&mut self) -> bool {
        let input = self.process.stdin.as_mut().unwrap();
        input.write_all(b"again\n").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        answer.trim() == "True"
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}

async fn fill(dataset: &mut StreamDataset, points: std::ops::Range<u64>) {
    let length = points.end - points.start;
    let data = count(points.start, length);
    dataset.append(points.start, length, None, data).unwrap();
    dataset.settle().await.unwrap();
}

#[test]
fn a_reader_with_an_old_index_sees_no_garbage() {
    let writer = Writer::new();
    // Chunks of 32 769 points.
    let storage = (&[131_073][..], ChunkOptions::default());
    run(async {
        let mut names = ["a", "b"];
        // Not the last chunk of the file, and the last one.
        for behind in [true, false] {
            let name = names[usize::from(behind)];
            let mut dataset = writer.declared(name, DOUBLE, &[], storage, WritePolicy::live());
            fill(&mut dataset, 0..20_000).await;
            shown(&mut dataset, 20_000).await;
            if behind {
                let mut other = writer.dataset("other", DOUBLE, &[], WritePolicy::live());
                other.append(0, 1, None, count(0, 1)).unwrap();
                other.expose().unwrap();
            }
            let old = writer.seen(name).unwrap();
            assert_eq!(old.filter_masks(), [3]);
            let mut reader = Reader::of(&writer, name, 20_000);
            assert!(reader.sees());
            // The first chunk is replaced; those that follow look for places too.
            fill(&mut dataset, 20_000..100_000).await;
            dataset.drain().await;
            let new = writer.seen(name).unwrap();
            assert_eq!(new.filter_masks(), [0, 0, 0]);
            let place = |seen: &Seen, n: usize| seen.layout["stored"][n][2].as_u64().unwrap();
            let old_place = place(&old, 0)..place(&old, 0) + 8 * 32_769;
            for n in 0..3 {
                assert!(
                    !old_place.contains(&place(&new, n)),
                    "{new:?}",
                    new = new.layout
                );
            }
            assert!(reader.sees(), "behind: {behind}");
            assert!(new.bytes == count(0, new.bytes.len() as u64 / 8));
            dataset.close().await.unwrap();
        }
        names.sort();
    });
    assert!(writer.end("a").bytes == count(0, 100_000));
}

#[test]
fn many_chunks_of_a_row_are_replaced() {
    let writer = Writer::new();
    // Chunks of 128 x 256.
    let element = ElementType::Uint(4, LITTLE);
    let storage = (&[0][..], ChunkOptions::default());
    let data = pattern(4 * 1024 * 300);
    let points = |from: usize, to: usize| data.slice(4096 * from..4096 * to);
    run(async {
        let mut dataset =
            writer.declared("mca", element, &[Some(1024)], storage, WritePolicy::live());
        dataset.append(0, 50, None, points(0, 50)).unwrap();
        shown(&mut dataset, 50).await;
        let seen = writer.seen("mca").unwrap();
        assert_eq!(seen.filter_masks(), [3; 4]);
        assert!(seen.bytes == data[..4096 * 50]);
        dataset.append(50, 250, None, points(50, 300)).unwrap();
        shown(&mut dataset, 300).await;
        let seen = writer.seen("mca").unwrap();
        assert_eq!(seen.filter_masks(), [[0; 8].as_slice(), &[3; 4]].concat());
        assert!(seen.bytes == data);
        dataset.close().await.unwrap();
    });
    let seen = writer.end("mca");
    assert_eq!(seen.layout["chunks"], json!([128, 256]));
    assert_eq!(seen.filter_masks(), [0; 12]);
    assert!(seen.bytes == data);
}
