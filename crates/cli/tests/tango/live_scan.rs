//! Scans as BLISS publishes them, step by step.

use std::path::{Path, PathBuf};

use blissdata::document::{ScanIdentity, ScanState};
use blissdata::store::DataStore;
use serde_json::{Value as Json, json};
use simulation::publish::{ScanPublisher, StreamDefinition, StreamPublisher};
use testing::BlissScan;

use testing::read;

/// A scan of one counter.
pub struct LiveScan {
    publisher: ScanPublisher,
    diode: Option<StreamPublisher>,
    pub name: String,
    pub file: PathBuf,
    number: u64,
    sent: usize,
}

/// How a scan is to be published.
#[derive(Clone, Debug)]
pub struct ScanPlan {
    pub session: &'static str,
    pub number: u64,
    pub file: PathBuf,
    /// `nexus`, or `mapping` with a published layout.
    pub data_writer: &'static str,
    pub points: usize,
    pub save: bool,
}

impl ScanPlan {
    pub fn new(file: &Path) -> ScanPlan {
        ScanPlan {
            session: "demo",
            number: 1,
            file: file.to_owned(),
            data_writer: "nexus",
            points: 3,
            save: true,
        }
    }

    pub fn number(mut self, number: u64) -> ScanPlan {
        self.number = number;
        self
    }

    pub fn points(mut self, points: usize) -> ScanPlan {
        self.points = points;
        self
    }

    /// Publishes the scan for the writer `mapping`.
    pub fn mapping(mut self) -> ScanPlan {
        self.data_writer = "mapping";
        self
    }

    /// Publishes a scan that is not to be saved.
    pub fn unsaved(mut self) -> ScanPlan {
        self.save = false;
        self
    }

    pub fn session(mut self, session: &'static str) -> ScanPlan {
        self.session = session;
        self
    }

    /// Creates the scan in Redis.
    pub async fn create(self, store: &DataStore) -> LiveScan {
        let id = ScanIdentity {
            name: "loopscan".to_owned(),
            number: self.number,
            data_policy: "None".to_owned(),
            session: Some(self.session.to_owned()),
            proposal: None,
            collection: None,
            dataset: None,
            path: self.save.then(|| self.file.to_str().unwrap().to_owned()),
        };
        let name = format!("{}_loopscan", self.number);
        let name = if self.save { name } else { format!("_{name}") };
        let publisher = ScanPublisher::create(store, id, self.info(&name))
            .await
            .unwrap();
        LiveScan {
            publisher,
            diode: None,
            name,
            file: self.file,
            number: self.number,
            sent: 0,
        }
    }

    /// Returns the info that BLISS 2.2 publishes.
    fn info(&self, name: &str) -> Json {
        let file = self.file.to_str().unwrap();
        let mut info = json!({
            "save": self.save, "data_writer": self.data_writer, "filename": file,
            "scan_nb": self.number, "name": name, "type": "loopscan",
            "session_name": self.session, "user_name": "opid00",
            "title": format!("loopscan {} 0.1", self.points),
            "start_time": "2026-11-23T01:02:03+01:00", "npoints": self.points,
            "data_dim": 1, "count_time": 0.1, "publisher": "bliss", "publisher_version": "2.2.1",
            "data_policy": "None",
            "writer_options": {"chunk_options": {}, "separate_scan_files": null},
            "acquisition_chain": {"timer": {"devices": ["1:timer", "2:ctl"]}},
            "devices": {
                "1:timer": {"name": "timer", "channels": [], "triggered_devices": ["2:ctl"]},
                "2:ctl": {"name": "ctl", "channels": ["ctl:diode"]},
            },
            "channels": {"ctl:diode": {"device": "2:ctl", "dim": 0, "unit": "V", "display_name": "diode"}},
            "positioners": {
                "positioners_start": {"roby": 1.5}, "positioners_end": {"roby": 1.5},
                "positioners_dial_start": {"roby": 1.5}, "positioners_dial_end": {"roby": 1.5},
                "positioners_units": {"roby": "mm"},
            },
            "scan_meta_categories": [],
            "nexuswriter": {"devices": {"ctl:diode": {
                "device_type": "samplingcounter", "data_type": "signal",
                "device_info": {"type": "samplingcounter"},
            }}, "instrument_info": {"name": "esrf-id00a", "name@short_name": "id00"}, "masterfiles": {}},
        });
        if self.data_writer == "mapping" {
            let diode = json!({"type": "stream", "stream": "ctl:diode"});
            let path = ["instrument", "diode", "signal"];
            let tree = path.iter().rev().fold(
                diode,
                |below, name| json!({"type": "group", "children": {*name: below}}),
            );
            let entry = format!("{}.1", self.number);
            let root = json!({"type": "group", "children": {entry: tree}});
            info["h5maps"] = json!({file: root});
        }
        info
    }
}

impl LiveScan {
    /// Returns what BLISS knows of the scan.
    pub fn as_seen_by_bliss(&self) -> BlissScan {
        BlissScan {
            name: self.name.clone(),
            key: self.key(),
            directory: self.file.parent().unwrap().to_owned(),
        }
    }

    pub fn key(&self) -> String {
        self.publisher.key().to_string()
    }

    /// Returns the URL of the subscan in its file.
    pub fn url(&self) -> String {
        format!("{}::/{}.1", self.file.display(), self.number)
    }

    /// Returns the path of the counter in the file.
    pub fn dataset(&self) -> String {
        format!("{}.1/instrument/diode/signal", self.number)
    }

    /// Prepares and starts the scan.
    pub async fn start(&mut self) {
        let floats = StreamDefinition::numeric("<f8".parse().unwrap(), &[]);
        let diode = self.publisher.add_stream("ctl:diode", floats).await;
        self.diode = Some(diode.unwrap());
        self.publisher.prepare().await.unwrap();
        self.publisher.start().await.unwrap();
    }

    /// Runs the scan with `points` points, from start to end.
    pub async fn run(&mut self, points: usize) {
        self.start().await;
        self.send(points).await;
        self.end("SUCCESS").await;
    }

    /// Sends `points` more points: 0, 1, 2, ...
    pub async fn send(&mut self, points: usize) {
        let diode = self.diode.as_ref().unwrap();
        for point in self.sent..self.sent + points {
            diode.send(&(point as f64).to_le_bytes(), 1).await.unwrap();
        }
        diode.flush().await.unwrap();
        self.sent += points;
    }

    /// Returns what should be in the file by now.
    pub fn data(&self) -> Json {
        (0..self.sent).map(|point| point as f64).collect()
    }

    /// Asserts that the file has what was sent, and nothing more.
    pub fn assert_written(&self) {
        assert_eq!(read(&self.file, &[&self.dataset()]), json!([self.data()]));
    }

    /// Ends the scan as BLISS does, in whatever state it is.
    pub async fn end(&mut self, reason: &str) {
        if self.publisher.state() == ScanState::Started {
            self.publisher.stop().await.unwrap();
        }
        self.publisher.close(reason).await.unwrap();
    }
}
