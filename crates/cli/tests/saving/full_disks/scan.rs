//! Scans with counters and spectra, which can be saved in both layouts. All of them have the same points.

use std::path::Path;

use nexus::h5;
use serde_json::{Value as Json, json};
use simulation::publish::{ScanPublisher, StreamDefinition, StreamPublisher};

use crate::classic;
use crate::fixture::{Fixture, end, stream};

/// Points of each stream.
pub const POINTS: u64 = 48;

/// Names of the streams and the number of values of a point.
const STREAMS: [(&str, u64); 4] = [("first", 1), ("second", 1), ("third", 1), ("mca", 512)];

/// The stream whose data are the largest.
const LAST: &str = "mca";

/// A scan that is being published.
pub struct Scan {
    entry: String,
    publisher: ScanPublisher,
    streams: Vec<StreamPublisher>,
    sent: u64,
}

impl Scan {
    /// Starts a scan with this number in a file.
    pub async fn start(fixture: &Fixture, file: &Path, number: u64) -> Scan {
        let names = STREAMS.map(|(name, _)| name);
        let entry = format!("{number}.1");
        let mut info = classic::info(file, &names);
        info["scan_nb"] = json!(number);
        info["channels"]["ctl:mca"]["dim"] = json!(1);
        info["end_time"] = json!("2026-11-23T01:02:09+01:00");
        let attributes = json!({"NX_class": "NXroot", "default": entry});
        info["h5maps"][file.to_str().unwrap()] =
            group(attributes, json!({&entry: entry_of(&entry, &names)}));
        let mut publisher = classic::create(fixture, info).await;
        let mut streams = Vec::new();
        for (name, values) in STREAMS {
            let shape = [Some(values)];
            let shape = if values == 1 { &[][..] } else { &shape };
            let definition = StreamDefinition::numeric("<f8".parse().unwrap(), shape);
            let name = format!("ctl:{name}");
            streams.push(publisher.add_stream(&name, definition).await.unwrap());
        }
        publisher.prepare().await.unwrap();
        publisher.start().await.unwrap();
        Scan {
            entry,
            publisher,
            streams,
            sent: 0,
        }
    }

    /// Publishes points until there are this many.
    pub async fn send_until(&mut self, points: u64) {
        for (stream, (_, values)) in self.streams.iter().zip(STREAMS) {
            for point in self.sent..points {
                // Noise, as data are.
                let mut noise = fastrand::Rng::with_seed(point);
                let bytes: Vec<u8> = (0..values)
                    .flat_map(|_| noise.f64().to_le_bytes())
                    .collect();
                stream.send(&bytes, 1).await.unwrap();
            }
            stream.settle().await.unwrap();
        }
        self.sent = points;
    }

    /// Returns `true` if a reader sees all points that were published.
    pub fn is_stored(&self, file: &Path) -> bool {
        let path = format!("{}/instrument/{LAST}/signal", self.entry);
        let length = || {
            let file = h5::File::open_read(file)?;
            file.root()?.open_dataset(&path)?.shape()
        };
        length().is_ok_and(|shape| shape.first() == Some(&self.sent))
    }

    /// Publishes the remaining points, and ends the scan. Returns its key.
    pub async fn end(mut self) -> String {
        self.send_until(POINTS).await;
        end(self.publisher).await
    }
}

fn group(attributes: Json, children: Json) -> Json {
    json!({"type": "group", "attributes": attributes, "children": children})
}

/// Returns what BLISS publishes as the layout of an entry.
fn entry_of(entry: &str, names: &[&str]) -> Json {
    let (mut instrument, mut measurement) = (json!({}), json!({}));
    for name in names {
        let signal = json!({
            "type": "dataset", "attributes": {"units": "V"}, "value": stream(&format!("ctl:{name}")),
        });
        let children = json!({"signal": signal, "type": "counter"});
        instrument[*name] = group(json!({"NX_class": "NXdetector"}), children);
        let target = format!("/{entry}/instrument/{name}/signal");
        measurement[*name] = json!({"type": "soft_link", "target_path": target});
    }
    let children = json!({
        "title": "loopscan 48 0.1",
        "instrument": group(json!({"NX_class": "NXinstrument"}), instrument),
        "measurement": group(json!({"NX_class": "NXcollection"}), measurement),
    });
    group(json!({"NX_class": "NXentry"}), children)
}
