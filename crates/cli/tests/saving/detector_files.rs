//! Detectors whose files are not what was announced. Only frames that are there count, in both layouts.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value as Json, json};
use simulation::publish::{
    LimaDefinition, LimaFiles, ScanPublisher, StreamDefinition, StreamPublisher,
};

use crate::classic;
use crate::fixture::{Fixture, end, read, stream};
use crate::live::wait_until;

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
        let record = record(file, layout);
        Saved {
            state: report["state"].as_str().unwrap().to_owned(),
            warnings: report["warnings"].to_string(),
            values: read(file, &[layout.path()])[0].take(),
            written: record["streams"][0]["written"].as_u64().unwrap(),
            holes: record["streams"][0]["holes"].clone(),
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

#[tokio::test]
async fn frames_without_a_file_are_missing() {
    for layout in LAYOUTS {
        let fixture = Fixture::new().await;
        let path = fixture.file("cam_%04d.h5");
        let saved = save(&fixture, layout, hdf5(path.to_str().unwrap(), 3), &[]).await;
        assert_eq!(saved.state, "INCOMPLETE", "{saved:?}");
        assert!(
            saved.warnings.contains("frames 0..6 are not there"),
            "{saved:?}"
        );
        assert!(
            saved
                .warnings
                .contains("cam_0000.h5: there is no such file"),
            "{saved:?}"
        );
        assert_eq!((saved.written, saved.holes), (0, json!([[0, 6]])));
        // When the detector saves them after all, readers see them.
        for (first, name) in [(0, "cam_0000.h5"), (3, "cam_0001.h5")] {
            detect(&fixture.file(name), &[3 + first, 2, 3], "uint16");
        }
        let file = fixture.file("0.h5");
        let values = read(&file, &[layout.path()]);
        assert_eq!(values[0].as_array().unwrap()[..3], pixels(0..3));
    }
}

#[tokio::test]
async fn a_short_file_has_the_frames_that_are_there() {
    for layout in LAYOUTS {
        let saved = with_file(layout, "cam.h5", &[3, 2, 3], "uint16", &[]).await;
        assert_eq!(saved.state, "INCOMPLETE", "{saved:?}");
        assert!(
            saved.warnings.contains("frames 3..6 are not there"),
            "{saved:?}"
        );
        assert!(
            saved.warnings.contains("the file ends before the frame"),
            "{saved:?}"
        );
        let values = saved.values.as_array().unwrap();
        assert_eq!(values[..3], pixels(0..3));
        assert_eq!(values[3..], vec![json!([[0, 0, 0], [0, 0, 0]]); 3]);
        assert_eq!((saved.written, saved.holes), (3, json!([[3, 6]])));
    }
}

#[tokio::test]
async fn frames_of_another_shape_are_missing() {
    let cases = [
        ("transposed.h5", &[6, 3, 2][..], "[3, 2]"),
        ("flat.h5", &[6, 6], "[6]"),
        ("nested.h5", &[6, 2, 3, 1], "[2, 3, 1]"),
    ];
    for layout in LAYOUTS {
        let fixture = Fixture::new().await;
        for (name, shape, _) in cases {
            detect(&fixture.file(name), shape, "uint16");
        }
        let detectors = cases.map(|(name, ..)| hdf5(name, FRAMES)).to_vec();
        let all = save_all(&fixture, layout, detectors, &[]).await;
        for (saved, (_, _, found)) in all.iter().zip(cases) {
            assert_eq!(saved.state, "INCOMPLETE", "{saved:?}");
            let reason = format!("a frame of shape {found} where [2, 3] was expected");
            assert!(saved.warnings.contains(&reason), "{saved:?}");
            assert_eq!(saved.holes, json!([[0, 6]]));
        }
    }
}

#[tokio::test]
async fn the_dataset_has_the_type_of_the_files() {
    let types = ["float32", "uint32", "int16"];
    for layout in LAYOUTS {
        let fixture = Fixture::new().await;
        for dtype in types {
            detect(&fixture.file(&format!("{dtype}.h5")), &[6, 2, 3], dtype);
        }
        let detectors = types
            .map(|dtype| hdf5(&format!("{dtype}.h5"), FRAMES))
            .to_vec();
        let all = save_all(&fixture, layout, detectors, &[]).await;
        for (saved, dtype) in all.iter().zip(types) {
            assert_eq!(saved.state, "COMPLETE", "{saved:?}");
            let difference =
                format!("frames of type {dtype} in the files, where uint16 was announced");
            assert!(saved.warnings.contains(&difference), "{saved:?}");
            assert_eq!(saved.values[5][1][2].as_f64(), Some(35.0), "{dtype}");
        }
    }
}

#[tokio::test]
async fn files_that_differ_from_each_other_are_not_mixed() {
    for layout in LAYOUTS {
        let fixture = Fixture::new().await;
        detect(&fixture.file("cam_0000.h5"), &[3, 2, 3], "uint16");
        detect(&fixture.file("cam_0001.h5"), &[3, 2, 3], "float64");
        let path = fixture.file("cam_%04d.h5");
        let saved = save(&fixture, layout, hdf5(path.to_str().unwrap(), 3), &[]).await;
        assert_eq!(saved.state, "INCOMPLETE", "{saved:?}");
        assert!(
            saved
                .warnings
                .contains("pixels of type float64 where uint16"),
            "{saved:?}"
        );
        assert_eq!(saved.values.as_array().unwrap()[..3], pixels(0..3));
        assert_eq!((saved.written, saved.holes), (3, json!([[3, 6]])));
    }
}

#[tokio::test]
async fn names_that_lead_nowhere_are_reported() {
    let cases = [
        (
            r"C:\\data\\cam.h5",
            "/entry/data",
            "the name is one of another system",
        ),
        (
            r"\\\\server\\cam.h5",
            "/entry/data",
            "the name is one of another system",
        ),
        ("cam.h5", "", "no dataset was announced"),
        ("cam.h5", "/entry/image", "the dataset cannot be opened"),
        (
            "file:///nowhere/cam.h5",
            "/entry/data",
            "/nowhere/cam.h5: there is no such file",
        ),
    ];
    for layout in LAYOUTS {
        let fixture = Fixture::new().await;
        detect(&fixture.file("cam.h5"), &[6, 2, 3], "uint16");
        let detectors = cases.map(|(name, data_path, _)| LimaFiles {
            data_path: Some(data_path.to_owned()),
            ..hdf5(name, FRAMES)
        });
        let all = save_all(&fixture, layout, detectors.to_vec(), &[]).await;
        for (saved, (_, _, reason)) in all.iter().zip(cases) {
            assert_eq!(saved.state, "INCOMPLETE", "{saved:?}");
            assert!(saved.warnings.contains(reason), "{saved:?}");
            assert_eq!(saved.holes, json!([[0, 6]]));
        }
    }
}

#[tokio::test]
async fn relative_names_and_urls_lead_to_files() {
    for layout in LAYOUTS {
        let fixture = Fixture::new().await;
        let path = fixture.file("cam.h5");
        detect(&path, &[6, 2, 3], "uint16");
        let names = ["cam.h5".to_owned(), format!("file://{}", path.display())];
        let detectors = names.map(|name| hdf5(&name, FRAMES)).to_vec();
        for saved in save_all(&fixture, layout, detectors, &[]).await {
            assert_eq!(saved.state, "COMPLETE", "{saved:?}");
            assert_eq!(saved.values, json!(pixels(0..6)));
        }
    }
}

#[tokio::test]
async fn edf_files_are_looked_at_in_every_form() {
    let fixture = Fixture::new().await;
    for (name, shape, dtype) in [
        ("whole.edf", [6, 2, 3], "uint16"),
        ("short.edf", [3, 2, 3], "uint16"),
        ("transposed.edf", [6, 3, 2], "uint16"),
        ("float.edf", [6, 2, 3], "float32"),
    ] {
        detect(&fixture.file(name), &shape, dtype);
    }
    let names = ["whole", "short", "missing", "transposed", "float"];
    let detectors = names.map(|name| edf(&format!("{name}.edf"))).to_vec();
    for options in [
        &["--enable-external-nonhdf5"][..],
        &["--copy-non-external"],
        &[],
    ] {
        let all = save_all(&fixture, Layout::Classic, detectors.clone(), options).await;
        for number in 0..names.len() {
            fs::remove_file(fixture.file(&format!("{number}.h5"))).unwrap();
        }
        let [whole, short, missing, transposed, float] = &all[..] else {
            panic!("five scans");
        };
        assert_eq!(whole.state, "COMPLETE", "{options:?} {whole:?}");
        assert_eq!(short.state, "INCOMPLETE", "{options:?} {short:?}");
        assert!(
            short.warnings.contains("frames 3..6 are not there"),
            "{short:?}"
        );
        assert_eq!((short.written, &short.holes), (3, &json!([[3, 6]])));
        assert_eq!(missing.state, "INCOMPLETE", "{options:?} {missing:?}");
        assert!(
            missing.warnings.contains("there is no such file"),
            "{missing:?}"
        );
        // A list of names says nothing about shapes and types.
        if options.is_empty() {
            assert_eq!(whole.values[5], "whole.edf::5");
            continue;
        }
        assert_eq!(whole.values, json!(pixels(0..6)));
        assert_eq!(short.values.as_array().unwrap()[..3], pixels(0..3));
        assert_eq!(transposed.state, "INCOMPLETE", "{options:?} {transposed:?}");
        assert!(
            transposed.warnings.contains("a frame of shape [3, 2]"),
            "{transposed:?}"
        );
        assert_eq!(float.state, "COMPLETE", "{options:?} {float:?}");
        assert_eq!(float.values[5][1][2].as_f64(), Some(35.0));
    }
}

#[tokio::test]
async fn frames_that_the_detector_has_not_saved_are_no_frames() {
    for layout in LAYOUTS {
        let fixture = Fixture::new().await;
        let path = fixture.file("cam.h5");
        // Its file has more, perhaps of an earlier scan.
        detect(&path, &[6, 2, 3], "uint16");
        let file = fixture.file("0.h5");
        let files = hdf5(path.to_str().unwrap(), FRAMES);
        let (scan, cam) = start(&fixture, &file, layout, files).await;
        cam.send_lima(FRAMES, 4).await.unwrap();
        let saved = fixture.save(&[end(scan).await]);
        let report = &saved.reports[0];
        assert_eq!(report["state"], "INCOMPLETE", "{report}");
        let reason = "the detector has acquired 6 frames and saved 4";
        assert!(report["reason"].to_string().contains(reason), "{report}");
    }
}

#[tokio::test]
async fn a_number_of_frames_that_cannot_be_true_harms_no_other_scan() {
    let fixture = Fixture::new().await;
    let path = fixture.file("cam.edf");
    detect(&path, &[6, 2, 3], "uint16");
    let files = LimaFiles {
        frame_per_file: 1 << 40,
        ..edf(path.to_str().unwrap())
    };
    let file = fixture.file("0.h5");
    let (scan, cam) = start(&fixture, &file, Layout::Classic, files).await;
    cam.send_lima(1 << 40, 1 << 40).await.unwrap();
    let keys = [
        end(scan).await,
        fixture.good_scan(&fixture.file("1.h5")).await,
    ];
    let saved = fixture.save(&keys);
    let state = |key: &String| {
        let report = saved.reports.iter().find(|report| report["key"] == **key);
        report.unwrap()["state"].as_str().unwrap()
    };
    assert_eq!(
        keys.each_ref().map(state),
        ["INCOMPLETE", "COMPLETE"],
        "{}",
        saved.log
    );
    assert!(saved.log.contains("names is too long"), "{}", saved.log);
}

#[tokio::test]
async fn copies_have_a_hole_for_a_missing_file_and_go_on_behind_it() {
    let fixture = Fixture::new().await;
    for number in [0, 2] {
        detect(
            &fixture.file(&format!("cam_000{number}.h5")),
            &[2, 2, 3],
            "uint16",
        );
    }
    let path = fixture.file("cam_%04d.h5");
    let options = ["--disable-external-hdf5", "--copy-non-external"];
    let saved = save(
        &fixture,
        Layout::Classic,
        hdf5(path.to_str().unwrap(), 2),
        &options,
    )
    .await;
    assert_eq!(saved.state, "INCOMPLETE", "{saved:?}");
    assert!(
        saved.warnings.contains("frames 2..4 are not there"),
        "{saved:?}"
    );
    let values = saved.values.as_array().unwrap();
    assert_eq!(values[..2], pixels(0..2));
    assert_eq!(values[4..], pixels(0..2));
    assert_eq!((saved.written, saved.holes), (4, json!([[2, 4]])));
}

#[tokio::test]
async fn a_damaged_frame_is_a_hole_of_the_copies() {
    const PROGRAM: &str = "
import sys, h5py, numpy
frames = numpy.arange(36, dtype='uint16').reshape(6, 2, 3)
with h5py.File(sys.argv[1], 'w') as file:
    data = file.create_dataset('entry/data', data=frames, chunks=(1, 2, 3), fletcher32=True)
    damaged = data.id.get_chunk_info_by_coord((2, 0, 0)).byte_offset
with open(sys.argv[1], 'r+b') as file:
    file.seek(damaged)
    file.write(b'damaged')
";
    let fixture = Fixture::new().await;
    let path = fixture.file("cam.h5");
    testing::output(testing::python().args(["-c", PROGRAM]).arg(&path));
    let options = ["--disable-external-hdf5", "--copy-non-external"];
    let files = hdf5(path.to_str().unwrap(), FRAMES);
    let saved = save(&fixture, Layout::Classic, files, &options).await;
    assert_eq!(saved.state, "INCOMPLETE", "{saved:?}");
    assert!(
        saved.warnings.contains("frames 2..3 are not there"),
        "{saved:?}"
    );
    let values = saved.values.as_array().unwrap();
    assert_eq!(values[..2], pixels(0..2));
    assert_eq!(values[3..], pixels(3..6));
    assert_eq!((saved.written, saved.holes), (5, json!([[2, 3]])));
}

#[tokio::test]
async fn a_file_that_comes_late_is_waited_for() {
    for layout in LAYOUTS {
        let fixture = Fixture::new().await;
        let path = fixture.file("cam.h5");
        let hidden = fixture.file("hidden.h5");
        detect(&hidden, &[6, 2, 3], "uint16");
        let mut running = classic::session(&fixture);
        let file = fixture.file("scan.h5");
        let (scan, cam) = start(
            &fixture,
            &file,
            layout,
            hdf5(path.to_str().unwrap(), FRAMES),
        )
        .await;
        report_all(&cam).await;
        running.wait_for("start saving");
        end(scan).await;
        fs::rename(&hidden, &path).unwrap();
        running.wait_for("Finished writing");
        assert_eq!(read(&file, &[layout.path()]), json!([pixels(0..6)]));
        assert_eq!(record(&file, layout)["complete"], true);
        Fixture::end(running);
    }
}

#[tokio::test]
async fn a_file_that_grows_is_waited_for() {
    for layout in LAYOUTS {
        let fixture = Fixture::new().await;
        let path = fixture.file("cam.h5");
        let hidden = fixture.file("hidden.h5");
        detect(&path, &[2, 2, 3], "uint16");
        detect(&hidden, &[6, 2, 3], "uint16");
        let mut running = classic::session(&fixture);
        let file = fixture.file("scan.h5");
        let (scan, cam) = start(
            &fixture,
            &file,
            layout,
            hdf5(path.to_str().unwrap(), FRAMES),
        )
        .await;
        report_all(&cam).await;
        running.wait_for("start saving");
        end(scan).await;
        fs::rename(&hidden, &path).unwrap();
        running.wait_for("Finished writing");
        assert_eq!(read(&file, &[layout.path()]), json!([pixels(0..6)]));
        assert_eq!(record(&file, layout)["complete"], true);
        Fixture::end(running);
    }
}

#[tokio::test]
async fn a_file_that_vanishes_after_it_was_seen_is_missing() {
    for layout in LAYOUTS {
        let fixture = Fixture::new().await;
        for (number, frames) in [(0, 3), (1, 3)] {
            detect(
                &fixture.file(&format!("cam_000{number}.h5")),
                &[frames, 2, 3],
                "uint16",
            );
        }
        let path = fixture.file("cam_%04d.h5");
        let mut running = classic::session(&fixture);
        let file = fixture.file("scan.h5");
        let (scan, cam) = start(&fixture, &file, layout, hdf5(path.to_str().unwrap(), 3)).await;
        report_all(&cam).await;
        wait_until(&file, &[layout.path()], &json!([pixels(0..3)])).await;
        fs::remove_file(fixture.file("cam_0000.h5")).unwrap();
        end(scan).await;
        running.wait_for("INCOMPLETE in");
        let record = record(&file, layout);
        assert_eq!(record["complete"], false);
        assert_eq!(record["streams"][0]["holes"], json!([[0, 3]]));
        Fixture::end(running);
    }
}
