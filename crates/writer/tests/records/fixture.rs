//! A session writer on this thread's hub, and scans for it.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use blissdata::document::ScanIdentity;
use blissdata::store::DataStore;
use hub::{Event, Hub};
use observation::Observation;
use redis_client::RedisUrl;
use serde_json::{Value as Json, json};
use simulation::publish::{ScanPublisher, StreamDefinition, StreamPublisher};
use writer::WriterThread;
use writer::options::{DataWriterFilter, SaveOptions};
use writer::records::{RecordState, ScanRecord, ScanRecords};
use writer::session::{NexusSessionWriter, SessionOptions};
use writer::source::blissdata::scan_store;

/// A time that is longer than any operation takes.
pub const LONG_TIMEOUT: Duration = Duration::from_secs(30);

/// A session `demo` that is followed, and a directory for its files.
pub struct SessionFixture {
    pub store: DataStore,
    pub records: ScanRecords,
    pub writer: NexusSessionWriter,
    pub writer_thread: Arc<WriterThread>,
    pub folder: tempfile::TempDir,
    pub observation: Arc<Observation>,
}

/// Runs a test with a session writer that saves scans with `data_writer` `external`.
pub fn with_session(test: impl AsyncFn(&SessionFixture)) {
    with_session_options(SaveOptions::default(), ScanRecords::default(), test);
}

/// Runs a test with other options and records.
pub fn with_session_options(
    save: SaveOptions,
    records: ScanRecords,
    test: impl AsyncFn(&SessionFixture),
) {
    let server = testing::redis();
    with_session_at(&server.url(), save, records, test);
}

/// Runs a test with the session writer of a given data store.
pub fn with_session_at(
    url: &RedisUrl,
    save: SaveOptions,
    records: ScanRecords,
    test: impl AsyncFn(&SessionFixture),
) {
    with_prepared_session_at(url, save, records, async |_: &WriterThread| {}, test);
}

/// Runs a test with the session writer of a given data store, whose thread is prepared before it starts.
pub fn with_prepared_session_at(
    url: &RedisUrl,
    save: SaveOptions,
    records: ScanRecords,
    prepare: impl AsyncFn(&WriterThread),
    test: impl AsyncFn(&SessionFixture),
) {
    Hub::new().unwrap().run(async {
        let store = DataStore::connect(url).await.unwrap();
        let writer_thread = Arc::new(WriterThread::start(Arc::default()).unwrap());
        prepare(&writer_thread).await;
        let options = SessionOptions {
            session: Some("demo".to_owned()),
            writer: DataWriterFilter::Named("external".to_owned()),
            save,
            records: records.clone(),
            ..SessionOptions::default()
        };
        let writer =
            NexusSessionWriter::start(&writer_thread, &scan_store(&store), options).unwrap();
        assert!(writer.subscriber().subscribed(Some(LONG_TIMEOUT)).await);
        let fixture = SessionFixture {
            store,
            records,
            writer,
            writer_thread: writer_thread.clone(),
            folder: tempfile::tempdir().unwrap(),
            observation: writer_thread.observation().clone(),
        };
        test(&fixture).await;
        assert!(
            fixture
                .writer
                .subscriber()
                .stop_and_join(Some(LONG_TIMEOUT))
                .await
        );
        writer_thread.stop().await.unwrap();
    });
}

impl SessionFixture {
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Creates a scan `loopscan` of the session, which is to be saved in the file.
    pub async fn create(&self, number: u64, file: &Path) -> ScanPublisher {
        self.create_with(number, file, |_| {}).await
    }

    /// Creates a scan like [`create`](Self::create), with changes of its info.
    pub async fn create_with(
        &self,
        number: u64,
        file: &Path,
        change: impl Fn(&mut Json),
    ) -> ScanPublisher {
        let mut info = info(number, file);
        change(&mut info);
        let id = ScanIdentity {
            name: "loopscan".to_owned(),
            number,
            data_policy: "None".to_owned(),
            session: Some("demo".to_owned()),
            proposal: None,
            collection: None,
            dataset: None,
            path: info["filename"].as_str().map(str::to_owned),
        };
        ScanPublisher::create(&self.store, id, info).await.unwrap()
    }

    /// Waits for the record of a scan.
    pub async fn record(&self, name: &str) -> ScanRecord {
        self.until(|records| records.find(name)).await
    }

    /// Waits until `find` finds something in the records.
    pub async fn until<T>(&self, find: impl Fn(&ScanRecords) -> Option<T>) -> T {
        let mut watch = self.records.watch();
        let found = async {
            loop {
                if let Some(found) = find(&self.records) {
                    return found;
                }
                watch.changed().await;
            }
        };
        hub::timeout(LONG_TIMEOUT, found).await.unwrap()
    }
}

/// Returns an info with two subscans, as BLISS 2.2 publishes it.
fn info(number: u64, file: &Path) -> Json {
    json!({
        "save": true, "data_writer": "external", "filename": file, "scan_nb": number,
        "name": format!("{number}_loopscan"), "title": "loopscan 3 0.1", "npoints": 3, "data_dim": 1,
        "start_time": "2026-11-23T01:02:03+01:00", "publisher": "bliss", "count_time": 0.1,
        "writer_options": {"chunk_options": {}, "separate_scan_files": null},
        "acquisition_chain": {
            "timer": {"devices": ["1:timer"]}, "axis": {"devices": ["2:axis"]},
        },
        "devices": {
            "1:timer": {"name": "timer", "channels": ["timer:diode", "timer:diode2"]},
            "2:axis": {"name": "axis", "channels": ["axis:roby"]},
        },
        "channels": {
            "timer:diode": {"device": "1:timer", "dim": 0},
            "timer:diode2": {"device": "1:timer", "dim": 0},
            "axis:roby": {"device": "2:axis", "dim": 0},
        },
        "scan_meta_categories": [],
    })
}

/// Prepares and starts a scan with this channel.
pub async fn start(scan: &mut ScanPublisher, channel: &str) -> StreamPublisher {
    let floats = StreamDefinition::numeric("<f8".parse().unwrap(), &[]);
    let stream = scan.add_stream(channel, floats).await.unwrap();
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    stream
}

pub async fn send(stream: &StreamPublisher, points: &[f64]) {
    for point in points {
        stream.send(&point.to_le_bytes(), 1).await.unwrap();
    }
    stream.flush().await.unwrap();
}

pub async fn end(mut scan: ScanPublisher) {
    let info = scan.info_mut();
    info.insert("end_time".into(), "2026-11-23T01:02:05+01:00".into());
    scan.stop().await.unwrap();
    scan.close("SUCCESS").await.unwrap();
}

/// Waits for the end of a scan. Returns its state and the reason.
pub async fn ended(record: &ScanRecord) -> (RecordState, String) {
    assert!(
        record.join(Some(LONG_TIMEOUT)).await,
        "{} does not end",
        record.name()
    );
    assert!(!record.is_running());
    (record.state(), record.reason())
}

/// Runs `work` in a plain thread, while this thread's hub goes on.
pub async fn in_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let done = Event::new();
    let sender = done.clone();
    let thread = std::thread::spawn(move || {
        // A panic must not leave the other thread waiting.
        let result = catch_unwind(AssertUnwindSafe(work));
        sender.send();
        result
    });
    done.wait().await;
    let result = thread.join().unwrap();
    result.unwrap_or_else(|panic| resume_unwind(panic))
}
