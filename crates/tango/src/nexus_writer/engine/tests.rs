//! An engine, a data store, and clients that ask from threads of their own.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use blissdata::document::Identity;
use blissdata::store::DataStore;
use hub::{AsyncResult, Hub, Launcher};
use redis_client::RedisUrl;
use serde_json::json;
use simulation::publish::ScanPublisher;
use writer::WriterThread;

use super::Engine;
use crate::device_context::{DeviceContext, PropertyError};
use crate::failure::{DevFailed, ErrorStack};
use crate::nexus_writer::class::CLASS;
use crate::nexus_writer::house::House;
use crate::nexus_writer::log_levels::{WriterLogControl, WriterLogLevel};
use crate::nexus_writer::properties::{Properties, Unread};
use crate::nexus_writer::scans::{self, Limit};
use crate::value::DevState;

/// Nothing that a test waits for takes that long, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// The log level of a test that does not look at it.
struct TestLogControl(Mutex<WriterLogLevel>);

impl WriterLogControl for TestLogControl {
    fn level(&self) -> WriterLogLevel {
        *self.0.lock().unwrap()
    }

    fn set_level(&self, level: WriterLogLevel) {
        *self.0.lock().unwrap() = level;
    }
}

/// Runs an engine, and a client in another thread.
fn with_engine(environment: &[(&str, String)], client: impl FnOnce(&Arc<Engine>) + Send + 'static) {
    let hub = Hub::named("main").unwrap();
    hub.run(async {
        let writer_thread = Arc::new(WriterThread::start(Arc::default()).unwrap());
        let log_control = Arc::new(TestLogControl(Mutex::new(WriterLogLevel::Warn)));
        let look_up = |name: &str| {
            let found = environment.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.clone())
        };
        let house = House::new(
            writer_thread.clone(),
            Launcher::current().unwrap(),
            log_control,
            look_up,
        );
        let engine = Engine::new("id00/bliss_nxwriter/demo", Arc::new(house)).unwrap();
        let done = AsyncResult::<(), &str>::new();
        let promise = done.promise("the client panicked");
        std::thread::spawn(move || {
            client(&engine);
            promise.keep(Ok(()));
        });
        done.take().await.unwrap();
        writer_thread.stop().await.unwrap();
    });
}

fn properties(session: &str) -> Result<Properties, Unread> {
    Properties::read(|name| {
        let value = (name == "session").then(|| vec![session.to_owned()]);
        Ok(value)
    })
}

fn away() -> PropertyError {
    PropertyError {
        device: "id00/bliss_nxwriter/demo".to_owned(),
        property: "session".to_owned(),
        errors: ErrorStack::default(),
    }
}

fn wait_until(engine: &Engine, what: &str, holds: impl Fn(&Engine) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds(engine) {
        let (state, status) = (engine.state(), engine.status());
        assert!(Instant::now() < deadline, "not {what}: {state} {status}");
        // What is asked for need not be what tells of changes.
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn wait_for(engine: &Engine, state: DevState) {
    wait_until(engine, &state.to_string(), |engine| engine.state() == state);
}

/// A scan that has been created, and what it is called.
async fn scan(store: &DataStore, session: &str, number: u64, path: &str) -> ScanPublisher {
    let id = Identity {
        name: "ascan".to_owned(),
        number,
        data_policy: "no_policy".to_owned(),
        session: Some(session.to_owned()),
        proposal: None,
        collection: None,
        dataset: None,
        path: Some(path.to_owned()),
    };
    let info = json!({
        "name": "ascan",
        "scan_nb": number,
        "save": true,
        "data_writer": "nexus",
        "filename": path,
        "start_time": "2026-11-23T00:41:06.000000+00:00",
    });
    ScanPublisher::create(store, id, info).await.unwrap()
}

fn in_hub<T>(work: impl Future<Output = T>) -> T {
    Hub::named("publisher").unwrap().run(work)
}

fn data_store(url: &RedisUrl) -> [(&'static str, String); 1] {
    [("REDIS_DATA_URL", url.with_secrets())]
}

#[test]
fn a_device_listens_from_start_to_stop() {
    let redis = testing::redis();
    with_engine(&data_store(&redis.url()), |engine| {
        assert_eq!(engine.state(), DevState::Init);
        assert_eq!(engine.status(), "instantiation");
        engine.stop().unwrap();
        engine.start(|| properties("demo")).unwrap();
        // It returns before it is ON, and does not begin again.
        engine
            .start(|| panic!("reads nothing when it listens"))
            .unwrap();
        wait_for(engine, DevState::On);
        assert_eq!(engine.status(), "Subscribed to Redis");
        engine.stop().unwrap();
        assert_eq!(engine.state(), DevState::Off);
        assert_eq!(engine.status(), "Finished succesfully");
        engine.stop().unwrap();
        engine.restart(|| properties("other")).unwrap();
        wait_for(engine, DevState::On);
        assert_eq!(engine.properties().unwrap().session, "other");
        // The database is away: the last that is known counts.
        engine.restart(|| Err(Unread::Database(away()))).unwrap();
        wait_for(engine, DevState::On);
        assert_eq!(engine.properties().unwrap().session, "other");
        engine.close().unwrap().ended.wait_blocking(None).unwrap();
        let error = engine.start(|| properties("demo")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "RuntimeError: The server is being stopped\n"
        );
    });
}

#[test]
fn a_device_saves_the_scans_of_its_session() {
    let redis = testing::redis();
    let url = redis.url();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("demo/data.h5");
    with_engine(&data_store(&url), move |engine| {
        engine.start(|| properties("demo")).unwrap();
        wait_for(engine, DevState::On);
        let path = file.to_str().unwrap();
        in_hub(async {
            let store = DataStore::connect(&url).await.unwrap();
            let _other = scan(&store, "other", 1, path).await;
            let _ours = scan(&store, "demo", 2, path).await;
        });
        wait_for(engine, DevState::Running);
        assert_eq!(engine.status(), "Subscribed to Redis");
        // Before it is prepared, it is known and its file can be looked for.
        assert!(scans::has_write_permissions(engine, "2_ascan").unwrap());
        assert_eq!(
            scans::disk_space(engine, "2_ascan", Limit::Required),
            Ok(String::new())
        );
        let refused = "RuntimeError: Cannot stop session subscriber when scans are running\n";
        assert_eq!(engine.stop().unwrap_err().to_string(), refused);
        let read = || panic!("reads nothing when it is refused");
        assert_eq!(engine.restart(read).unwrap_err().to_string(), refused);
        assert_eq!(engine.state(), DevState::Running);
        let unknown = scans::state(engine, "1_ascan").unwrap_err();
        assert_eq!(
            unknown.to_string(),
            "ValueError: No subscriber for scan '1_ascan' exists\n"
        );
        assert!(scans::kill(engine, "1_ascan").is_err());
        scans::stop(engine, "1_ascan").unwrap();
        scans::stop(engine, "2_ascan").unwrap();
        assert_eq!(scans::state(engine, "2_ascan"), Ok(DevState::Fault));
        assert_eq!(scans::reason(engine, "2_ascan").unwrap(), "Stop requested");
        wait_for(engine, DevState::On);
        engine.stop().unwrap();
        engine.restart(|| properties("demo")).unwrap();
        // Records outlive that.
        assert_eq!(scans::state(engine, "2_ascan"), Ok(DevState::Fault));
        engine.records().purge(Duration::ZERO);
        assert!(scans::state(engine, "2_ascan").is_err());
    });
}

#[test]
fn a_device_that_is_made_again_finds_its_scans() {
    let redis = testing::redis();
    let url = redis.url();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("data.h5");
    with_engine(&data_store(&url), move |engine| {
        let wrong = || Err(Unread::Wrong(DevFailed::new("reason", "wrong", "origin")));
        engine.adopt(&device(1), properties("demo")).unwrap();
        wait_for(engine, DevState::On);
        let first = engine.run().unwrap();
        engine.disown(&device(1));
        assert!(engine.device().is_none());
        // Nothing has changed: it goes on listening.
        engine.adopt(&device(2), properties("demo")).unwrap();
        assert!(!first.stop.is_set());
        in_hub(async {
            let store = DataStore::connect(&url).await.unwrap();
            let _crashed = scan(&store, "demo", 1, file.to_str().unwrap()).await;
        });
        wait_for(engine, DevState::Running);
        engine.adopt(&device(3), wrong()).unwrap();
        engine.adopt(&device(4), properties("other")).unwrap();
        // The old one goes late.
        engine.disown(&device(2));
        assert_eq!(engine.device().unwrap().id, 4);
        assert_eq!(engine.state(), DevState::Running);
        scans::stop(engine, "1_ascan").unwrap();
        wait_for(engine, DevState::On);
        assert!(!first.stop.is_set());
        engine.adopt(&device(5), properties("other")).unwrap();
        assert!(first.ended.is_set());
        assert_eq!(engine.properties().unwrap().session, "other");
        wait_for(engine, DevState::On);
        assert!(engine.adopt(&device(6), wrong()).is_err());
        wait_for(engine, DevState::Off);
        assert_eq!(scans::state(engine, "1_ascan"), Ok(DevState::Fault));
    });
}

fn device(id: u64) -> DeviceContext {
    DeviceContext {
        id,
        name: "id00/bliss_nxwriter/demo".to_owned(),
        class: &CLASS,
    }
}

#[test]
fn a_device_without_beacon_is_in_fault_until_it_is_started_again() {
    with_engine(&[("BEACON_HOST", "no port".to_owned())], |engine| {
        engine.start(|| properties("demo")).unwrap();
        wait_for(engine, DevState::Fault);
        assert_eq!(
            engine.status(),
            "BEACON_HOST is \"no port\", expected host:port"
        );
        engine.stop().unwrap();
        assert_eq!(engine.state(), DevState::Fault);
        let wrong = || {
            let mut wrong = properties("demo")?;
            wrong.beacon_host = Some("bl00:25000".to_owned());
            Ok(wrong)
        };
        assert!(engine.start(wrong).is_err());
        assert_eq!(
            engine.status(),
            "RuntimeError: Beacon host mismatch: 'no port' (environment) vs. 'bl00:25000' (tango device property)"
        );
        engine.start(|| properties("demo")).unwrap();
        wait_until(engine, "as before", |engine| {
            engine.status().starts_with("BEACON_HOST")
        });
    });
}

#[test]
fn a_device_that_waits_for_redis_can_be_stopped() {
    let nobody = "redis://127.0.0.1:9".to_owned();
    with_engine(&[("REDIS_DATA_URL", nobody)], |engine| {
        engine.start(|| properties("demo")).unwrap();
        assert_eq!(engine.state(), DevState::Init);
        assert_eq!(engine.status(), "Starting");
        engine.stop().unwrap();
        assert_eq!(engine.state(), DevState::Off);
    });
}
