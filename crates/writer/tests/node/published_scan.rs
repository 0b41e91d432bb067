//! A scan of BLISS 1.11 that a test publishes, and what h5py finds in its file.

#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(dead_code, reason = "each test uses a part")]

use std::path::PathBuf;

use bliss_node::key::NodeKey;
use bliss_node::publish::{ChannelId, NewChannel, NewScan, ScanPublisher};
use bliss_node::store::NodeStore;
use pickle::encode::{self, Protocol};
use pickle::numpy::{Array, Dtype};
use redis_client::Command;
use serde_json::{Value as Json, json};
use simulation::redis::{PrivateRedis, RedisModules, RedisOptions};
use tempfile::TempDir;
use writer::report::ScanReport;

use crate::saving::save;

/// Where scans are published and saved.
pub struct Beamline {
    pub store: NodeStore,
    pub root: TempDir,
    _server: PrivateRedis,
}

/// A dataset as h5py sees it: type, shape, and the values as Python prints them.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    pub dtype: String,
    pub shape: String,
    pub values: String,
}

impl Beamline {
    pub async fn new() -> Beamline {
        let options = RedisOptions::new().modules(RedisModules::None);
        let server = PrivateRedis::start(&options).await.unwrap();
        Beamline {
            store: NodeStore::new(&server.url()),
            root: tempfile::tempdir().unwrap(),
            _server: server,
        }
    }

    pub fn file(&self) -> PathBuf {
        self.root.path().join("scan.h5")
    }

    /// Returns a scan with these subscans, each with the full names of the channels of its one device. Its channels are
    /// to be added.
    pub fn scan(&self, subscans: &[(&str, &[&str])]) -> NewScan {
        let mut scan = NewScan::new("demo:data:1_test".parse().unwrap());
        let mut info = json!({
            "save": true,
            "data_writer": "nexus",
            "writer_options": {},
            "filename": self.file(),
            "scan_nb": 1,
            "title": "test",
            "type": "test",
            "npoints": 3,
            "start_timestamp": 1.7e9,
            "acquisition_chain": {},
            "devices": {},
            "channels": {},
        });
        for (subscan, channels) in subscans {
            let device = format!("1:{subscan}");
            info["acquisition_chain"][subscan] = json!({ "devices": [device] });
            info["devices"][&device] = json!({ "channels": channels });
            for channel in *channels {
                info["channels"][channel] = json!({ "device": device, "dim": 0 });
            }
        }
        for (name, value) in info.as_object().unwrap() {
            scan.info.insert(name.clone(), encode::from_json(value));
        }
        scan
    }

    /// Saves the scan, and returns what is reported about it.
    pub async fn save(&self) -> ScanReport {
        save(&self.store, "demo:data:1_test").await
    }

    /// Publishes an event with any data, also such that no publisher should send.
    pub async fn publish_raw(&self, channel: &NodeKey, first: u64, count: u64, data: &[u8]) {
        let description = encode::dict([
            ("reference", pickle::Value::Bool(false)),
            ("shape", pickle::Value::Tuple(Vec::new().into())),
        ]);
        let command = Command::new("XADD")
            .arg(channel.data())
            .arg(format!("{}-0", first + 1))
            .args(["__EVENT__", "CHANNELDATA", "__DESC__"])
            .arg(encode::encode(&description, Protocol::V4))
            .arg("__NPOINTS__")
            .arg(count)
            .arg("__DATA__")
            .arg(data);
        let mut connection = self.store.open().await.unwrap();
        connection.call(&command).await.unwrap();
    }

    /// Returns a dataset of the file, or `None` if there is no such dataset.
    pub fn found(&self, path: &str) -> Option<Found> {
        const PROGRAM: &str = "
import h5py, json, sys
with h5py.File(sys.argv[1], 'r', locking=False) as file:
    found = None
    if sys.argv[2] in file:
        data = file[sys.argv[2]]
        is_text = h5py.check_string_dtype(data.dtype) is not None
        values = data.asstr()[()] if is_text else data[()]
        found = [str(data.dtype), str(list(data.shape)), str(getattr(values, 'tolist', lambda: values)())]
    print(json.dumps(found))
";
        let mut python = testing::python();
        python.args(["-c", PROGRAM]).arg(self.file()).arg(path);
        let found: Json = serde_json::from_str(testing::output(&mut python).trim()).unwrap();
        let text = |index: usize| found[index].as_str().unwrap().to_owned();
        found.is_array().then(|| Found {
            dtype: text(0),
            shape: text(1),
            values: text(2),
        })
    }

    /// Returns the names of the members of a group.
    pub fn members(&self, path: &str) -> Vec<String> {
        const PROGRAM: &str = "
import h5py, json, sys
with h5py.File(sys.argv[1], 'r', locking=False) as file:
    print(json.dumps(list(file[sys.argv[2]])))
";
        let mut python = testing::python();
        python.args(["-c", PROGRAM]).arg(self.file()).arg(path);
        serde_json::from_str(testing::output(&mut python).trim()).unwrap()
    }

    /// Returns the values of a dataset as Python prints them.
    pub fn values(&self, path: &str) -> String {
        let found = self.found(path);
        found
            .unwrap_or_else(|| panic!("{path} is not in the file"))
            .values
    }
}

/// Publishes a scan that has one subscan with these channels, each with one event of 3 points.
pub async fn publish(beamline: &Beamline, channels: Vec<(NewChannel, Array)>) {
    let names: Vec<String> = channels
        .iter()
        .map(|(channel, _)| channel.name.clone())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut scan = beamline.scan(&[("timer", &names)]);
    let mut data: Vec<(ChannelId, Array)> = Vec::new();
    for (channel, array) in channels {
        let id = scan.add_channel("timer:dev", channel).unwrap();
        data.push((id, array));
    }
    let mut publisher = ScanPublisher::create(&beamline.store, scan).await.unwrap();
    publisher.prepare().await.unwrap();
    for (channel, array) in &data {
        publisher.publish(&[(*channel, 3, array)]).await.unwrap();
    }
    publisher.end(None).await.unwrap();
}

/// Returns an array of this type, as numpy spells it.
pub fn array(dtype: &str, shape: &[u64], data: Vec<u8>) -> Array {
    let dtype = Dtype::parse(dtype).unwrap();
    Array::new(dtype, shape.to_vec(), data.into()).unwrap()
}

/// Returns an array of `float64`.
pub fn doubles(shape: &[u64], numbers: &[f64]) -> Array {
    let data = numbers.iter().flat_map(|number| number.to_le_bytes());
    array("<f8", shape, data.collect())
}

/// Returns an array of texts.
pub fn texts(shape: &[u64], texts: &[&str]) -> Array {
    let longest = texts.iter().map(|text| text.chars().count()).max();
    let longest = longest.unwrap_or(0).max(1);
    let mut data = Vec::new();
    for text in texts {
        let mut points: Vec<u32> = text.chars().map(u32::from).collect();
        points.resize(longest, 0);
        data.extend(points.into_iter().flat_map(u32::to_le_bytes));
    }
    array(&format!("<U{longest}"), shape, data)
}
