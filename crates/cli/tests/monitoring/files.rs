//! The content of files, which another process reads.

mod masters;
mod refused;
mod stuck;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nexus::h5;
use nexus::tree::{ByteOrder, ElementType, Value};
use serde_json::{Value as Json, json};
use simulation::publish::{LimaDefinition, LimaFiles, StreamDefinition};
use testing::HttpAnswer;

use crate::fixture::{Fixture, Watched, end, send, wait_until};

/// A writer that has saved a scan with the points 0, 1 and 2 of a diode.
pub struct Saved {
    pub fixture: Fixture,
    pub watched: Watched,
    pub file: PathBuf,
    pub id: String,
}

impl Saved {
    pub async fn new() -> Saved {
        let fixture = Fixture::new().await;
        let watched = fixture.run(&[]);
        let file = fixture.file("scans.h5");
        fixture.scan("demo", &file).await;
        Saved::of(fixture, watched, file)
    }

    /// Waits until the scan that has ended is saved.
    fn of(fixture: Fixture, watched: Watched, file: PathBuf) -> Saved {
        let state = watched.wait_for_json("/api/v1/state", |state| state["last"].is_object());
        assert_eq!(state["last"]["outcome"], "complete", "{state}");
        let id = state["last"]["files"][0]["id"].as_str().unwrap().to_owned();
        Saved {
            fixture,
            watched,
            file,
            id,
        }
    }

    /// Asks for a path of the file, with further parameters.
    fn ask(&self, question: &str, path: &str, more: &str) -> HttpAnswer {
        let id = &self.id;
        self.watched.get(&format!(
            "/api/h5grove/{question}?file={id}&path={path}{more}"
        ))
    }

    fn json(&self, question: &str, path: &str, more: &str) -> Json {
        let answer = self.ask(question, path, more);
        assert_eq!(answer.status, 200, "{question} {path}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// Changes the file with HDF5, as somebody else might.
    pub fn change(&self, change: impl FnOnce(&h5::Group)) {
        let mut opened = None;
        wait_until("the writer has closed the file", || {
            opened = h5::File::open(&self.file).ok();
            opened.is_some()
        });
        let file = opened.unwrap();
        change(&file.root().unwrap());
        file.close().unwrap();
    }
}

fn message(answer: &HttpAnswer) -> String {
    let json: Json = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(json["message"], json["error"]);
    json["message"].as_str().unwrap().to_owned()
}

/// Returns the processes that read files for a writer.
fn readers(writer: u32) -> Vec<u32> {
    let output = Command::new("ps")
        .args(["-o", "pid=,args=", "--ppid", &writer.to_string()])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text
        .lines()
        .filter(|line| line.contains("nexus-writer-read-file"));
    lines
        .map(|line| line.trim().split(' ').next().unwrap().parse().unwrap())
        .collect()
}

#[tokio::test]
async fn a_file_is_described_and_read() {
    let saved = Saved::new().await;
    let about = saved.watched.json(&format!("/api/v1/files/{}", saved.id));
    assert_eq!(about["name"], "scans.h5");
    assert_eq!(about["growing"], false);
    assert_eq!(about["size"], fs::metadata(&saved.file).unwrap().len());
    assert_eq!(about["scans"][0]["name"], "1_loopscan");
    let root = saved.json("meta", "/", "");
    assert_eq!(root["kind"], "group");
    let names: Vec<_> = root["children"].as_array().unwrap().iter().collect();
    assert!(
        names
            .iter()
            .any(|child| child["name"] == "diode" && child["shape"] == json!([3]))
    );
    saved.change(|root| root.set_attribute("comment", &"ü <b>".into()).unwrap());
    assert_eq!(saved.json("attr", "/", "")["comment"], "ü <b>");
    assert_eq!(
        saved.json("attr", "/", "&attr_keys=comment"),
        json!({"comment": "ü <b>"})
    );
    assert_eq!(saved.json("data", "/diode", ""), json!([0.0, 1.0, 2.0]));
    // Clients of h5grove ask with a slash at the end.
    let path = format!(
        "/api/h5grove/data/?file={}&path=/diode&format=bin&dtype=safe&selection=1:",
        saved.id
    );
    let binary = saved.watched.get(&path);
    let numbers: Vec<u8> = [1.0f64, 2.0]
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    assert_eq!(binary.content, numbers);
    assert_eq!(
        binary.header("content-type"),
        Some("application/octet-stream")
    );
    assert_eq!(saved.json("stats", "/diode", "")["mean"], 1.0);
    let paths = saved.json("paths", "/", "");
    assert!(paths.as_array().unwrap().contains(&json!("/diode")));
    // All of these were answered by one process, which gives way to the others and cannot take much memory.
    let readers = readers(saved.watched.program.id());
    assert_eq!(readers.len(), 1);
    let limits = fs::read_to_string(format!("/proc/{}/limits", readers[0])).unwrap();
    let memory = limits
        .lines()
        .find(|line| line.starts_with("Max address space"))
        .unwrap();
    assert!(memory.contains("536870912"), "{memory}");
    let stat = fs::read_to_string(format!("/proc/{}/stat", readers[0])).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    assert_eq!(fields.split(' ').nth(16), Some("19"), "{stat}");
    saved.watched.end();
}

#[tokio::test]
async fn a_file_is_read_while_it_grows() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let file = fixture.file("scans.h5");
    let (scan, diode) = fixture.start_scan("demo", &file).await;
    send(&diode, &[1.0, 2.0]).await;
    let state = watched.wait_for_json("/api/v1/state", |state| {
        state["scans"][0]["files"][0]["id"].is_string()
    });
    let id = state["scans"][0]["files"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let data = format!("/api/h5grove/data?file={id}&path=/diode");
    let has = |points: Json| {
        let answer = watched.get(&data);
        // The dataset comes with its first points, and the file may be in motion.
        assert!(matches!(answer.status, 200 | 404 | 503), "{}", answer.body);
        answer.status == 200 && serde_json::from_str::<Json>(&answer.body).unwrap() == points
    };
    wait_until("two points", || has(json!([1.0, 2.0])));
    assert_eq!(
        watched.json(&format!("/api/v1/files/{id}"))["growing"],
        true
    );
    send(&diode, &[3.0]).await;
    wait_until("three points", || has(json!([1.0, 2.0, 3.0])));
    end(scan).await;
    watched.wait_for_json("/api/v1/state", |state| {
        state["last"]["outcome"] == "complete"
    });
    watched.end();
}

#[tokio::test]
async fn frames_in_files_of_a_detector_are_read() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let file = fixture.file("scans.h5");
    let names = fixture.file("cam_%04d.h5");
    let files = LimaFiles {
        file_path: names.to_str().unwrap().to_owned(),
        data_path: Some("/entry/data".to_owned()),
        file_format: "hdf5".to_owned(),
        file_offset: 0,
        frame_per_file: 2,
    };
    for number in 0..3u16 {
        let path = fixture.file(&format!("cam_{number:04}.h5"));
        let frames = h5::File::create(&path).unwrap();
        let entry = frames.root().unwrap().create_group("entry").unwrap();
        let pixels = (0..12).map(|pixel| 100 * number + pixel);
        let value = Value::Numbers {
            element: ElementType::Uint(2, ByteOrder::Little),
            shape: vec![2, 2, 3],
            bytes: pixels.flat_map(u16::to_le_bytes).collect(),
        };
        entry.create_value("data", &value).unwrap();
        frames.close().unwrap();
    }
    // Nobody has announced this one.
    fs::copy(fixture.file("cam_0000.h5"), fixture.file("cam_0003.h5")).unwrap();
    let mut scan = fixture
        .create("demo", &file, 1, json!({}), &["cam:image"])
        .await;
    let definition = StreamDefinition::lima(&LimaDefinition {
        dtype: "<u2".parse().unwrap(),
        shape: vec![2, 3],
        server_url: "id00/lima/cam".to_owned(),
        buffer_max_number: 100,
        frame_per_acquisition: 6,
        files: Some(files),
    });
    let cam = scan.add_stream("cam:image", definition).await.unwrap();
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    cam.send_lima(6, 6).await.unwrap();
    cam.settle().await.unwrap();
    end(scan).await;
    let saved = Saved::of(fixture, watched, file);
    let about = saved.watched.json(&format!("/api/v1/files/{}", saved.id));
    let series = json!({"first": 0, "last": 2, "digits": 4});
    assert_eq!(about["detectors"][0]["numbers"], series, "{about}");
    let last = saved.json("data", "/cam_image", "&selection=5,1");
    assert_eq!(last, json!([209, 210, 211]));
    saved.change(|root| {
        for name in ["cam_0002.h5", "cam_0003.h5"] {
            let target = Path::new(name);
            root.create_external_link(name, target, "/entry/data")
                .unwrap();
        }
    });
    assert_eq!(
        saved.json("meta", "/cam_0002.h5", "")["shape"],
        json!([2, 2, 3])
    );
    assert_eq!(
        saved.json("meta", "/cam_0003.h5", "")["kind"],
        "external_link"
    );
    saved.watched.end();
}
