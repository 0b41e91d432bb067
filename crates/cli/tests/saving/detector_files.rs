//! Detectors whose files are not what was announced. Only frames that are there count, in both layouts.

mod changing;
mod compared;
mod copies;
mod edf;
mod missing;
mod types;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value as Json, json};
use simulation::publish::{
    LimaDefinition, LimaFiles, ScanPublisher, StreamDefinition, StreamPublisher,
};

use crate::classic;
use crate::fixture::{Fixture, end, read, stream};

/// The number of frames of a scan.
const FRAMES: u64 = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    H5maps,
    Classic,
}

const LAYOUTS: [Layout; 2] = [Layout::H5maps, Layout::Classic];

impl Layout {
    /// The path of the dataset of frames.
    fn path(self) -> &'static str {
        match self {
            Layout::H5maps => "cam",
            Layout::Classic => "1.1/instrument/cam/image",
        }
    }
}

/// A detector that announces frames of 2 x 3 pixels of 16 bits.
fn camera(files: LimaFiles) -> StreamDefinition {
    StreamDefinition::lima(&LimaDefinition {
        dtype: "<u2".parse().unwrap(),
        shape: vec![2, 3],
        server_url: "id00/lima/cam".to_owned(),
        buffer_max_number: 100,
        frame_per_acquisition: files.frame_per_file.max(FRAMES),
        files: Some(files),
    })
}

fn hdf5(file_path: &str, frame_per_file: u64) -> LimaFiles {
    LimaFiles {
        file_path: file_path.to_owned(),
        data_path: Some("/entry/data".to_owned()),
        file_format: "hdf5".to_owned(),
        file_offset: 0,
        frame_per_file,
    }
}

fn edf(file_path: &str) -> LimaFiles {
    LimaFiles {
        data_path: None,
        file_format: "edf".to_owned(),
        ..hdf5(file_path, FRAMES)
    }
}

/// Writes a file as the detector does. Pixels count on from frame to frame.
fn detect(file: &Path, shape: &[u64], dtype: &str) {
    const PROGRAM: &str = "
import sys, numpy
file, shape, dtype = sys.argv[1], [int(n) for n in sys.argv[2].split(',')], sys.argv[3]
frames = numpy.arange(numpy.prod(shape), dtype=dtype).reshape(shape)
if file.endswith('.edf'):
    import fabio.edfimage
    image = fabio.edfimage.EdfImage(data=frames[0])
    for frame in frames[1:]:
        image.append_frame(data=frame)
    image.write(file)
else:
    import h5py
    with h5py.File(file, 'w') as opened:
        opened['entry/data'] = frames
";
    let shape: Vec<String> = shape.iter().map(u64::to_string).collect();
    let mut python = testing::python();
    python.args(["-c", PROGRAM]).arg(file);
    testing::output(python.args([shape.join(","), dtype.to_owned()]));
}

/// Starts a scan of one detector.
async fn start(
    fixture: &Fixture,
    file: &Path,
    layout: Layout,
    files: LimaFiles,
) -> (ScanPublisher, StreamPublisher) {
    match layout {
        Layout::H5maps => {
            let children = json!({"cam": stream("cam:image")});
            begin(fixture.create(file, children).await, files).await
        }
        Layout::Classic => start_with(fixture, classic::info(file, &[]), files).await,
    }
}

/// Publishes a scan in the classic layout, whose detector saves a file after each pause of up to `pause`.
pub async fn publish_images(fixture: &Fixture, file: &Path, number: u64, pause: Duration) {
    let path = fixture.file(&format!("cam_{number}_%04d.h5"));
    let whole = fixture.file("cam_whole.h5");
    if !whole.exists() {
        detect(&whole, &[2, 2, 3], "uint16");
    }
    let mut info = classic::info(file, &[]);
    info["scan_nb"] = json!(number);
    let (scan, cam) = start_with(fixture, info, hdf5(path.to_str().unwrap(), 2)).await;
    for saved in 1..=FRAMES {
        tokio::time::sleep(pause.mul_f64(fastrand::f64())).await;
        if saved % 2 == 1 {
            let name = format!("cam_{number}_{:04}.h5", saved / 2);
            fs::copy(&whole, fixture.file(&name)).unwrap();
        }
        cam.send_lima(saved, saved).await.unwrap();
        cam.settle().await.unwrap();
    }
    end(scan).await;
}

/// Starts a scan in the classic layout whose only channel is a detector.
async fn start_with(
    fixture: &Fixture,
    mut info: Json,
    files: LimaFiles,
) -> (ScanPublisher, StreamPublisher) {
    info["channels"] = json!({"cam:image": {"device": "2:ctl", "dim": 2}});
    info["devices"]["2:ctl"] = json!({"name": "cam", "channels": ["cam:image"]});
    let device = json!({"device_type": "lima", "device_info": {"type": "lima"}});
    info["nexuswriter"]["devices"] = json!({"cam:image": device});
    begin(classic::create(fixture, info).await, files).await
}

/// Adds the stream of a detector to a scan, and starts it.
async fn begin(mut scan: ScanPublisher, files: LimaFiles) -> (ScanPublisher, StreamPublisher) {
    let cam = scan.add_stream("cam:image", camera(files)).await.unwrap();
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    (scan, cam)
}

/// Reports that all frames are saved.
async fn report_all(cam: &StreamPublisher) {
    cam.send_lima(FRAMES, FRAMES).await.unwrap();
    cam.settle().await.unwrap();
}

/// What became of a scan.
#[derive(Debug)]
struct Saved {
    state: String,
    warnings: String,
    /// The values of the dataset.
    values: Json,
    /// The numbers of points in the record.
    written: u64,
    holes: Json,
}

/// Publishes scans that announce all frames as saved, and saves all of them at the same time with these options.
async fn save_all(
    fixture: &Fixture,
    layout: Layout,
    detectors: Vec<LimaFiles>,
    options: &[&str],
) -> Vec<Saved> {
    let (mut keys, mut files) = (Vec::new(), Vec::new());
    for (number, detector) in detectors.into_iter().enumerate() {
        let file = fixture.file(&format!("{number}.h5"));
        let (scan, cam) = start(fixture, &file, layout, detector).await;
        report_all(&cam).await;
        keys.push(end(scan).await);
        files.push(file);
    }
    let saved = fixture.save_with(&keys, |command| {
        command.args(options);
    });
    let outcome = |(key, file): (&String, &PathBuf)| {
        let report = saved
            .reports
            .iter()
            .find(|report| report["key"] == **key)
            .unwrap();
        let image = classic::recorded(&record(file, layout), "cam:image");
        Saved {
            state: report["state"].as_str().unwrap().to_owned(),
            warnings: report["warnings"].to_string(),
            values: read(file, &[layout.path()])[0].take(),
            written: image["written"].as_u64().unwrap(),
            holes: image["holes"].clone(),
        }
    };
    keys.iter().zip(&files).map(outcome).collect()
}

/// Saves one scan like [`save_all`].
async fn save(fixture: &Fixture, layout: Layout, detector: LimaFiles, options: &[&str]) -> Saved {
    save_all(fixture, layout, vec![detector], options)
        .await
        .remove(0)
}

/// The record of completeness in a file.
fn record(file: &Path, layout: Layout) -> Json {
    match layout {
        Layout::Classic => classic::record(file),
        Layout::H5maps => {
            let mut python = testing::python();
            let program = "
import sys, h5py
with h5py.File(sys.argv[1], 'r', locking=False) as file:
    print(*[text for name, text in file.attrs.items() if name.startswith('completeness_')])
";
            let text = testing::output(python.args(["-c", program]).arg(file));
            serde_json::from_str(&text).unwrap()
        }
    }
}

/// The pixels of these frames, as they count on.
fn pixels(frames: std::ops::Range<u64>) -> Vec<Json> {
    let row = |first: u64| json!([first, first + 1, first + 2]);
    frames
        .map(|frame| json!([row(6 * frame), row(6 * frame + 3)]))
        .collect()
}

/// Saves scans whose one file has these frames.
async fn with_file(
    layout: Layout,
    name: &str,
    shape: &[u64],
    dtype: &str,
    options: &[&str],
) -> Saved {
    let fixture = Fixture::new().await;
    let path = fixture.file(name);
    detect(&path, shape, dtype);
    let path = path.to_str().unwrap();
    let files = match name.ends_with(".edf") {
        true => edf(path),
        false => hdf5(path, FRAMES),
    };
    save(&fixture, layout, files, options).await
}
