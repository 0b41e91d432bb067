//! A service, a data store, and clients in threads of their own.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use blissdata::document::ScanIdentity;
use blissdata::store::DataStore;
use hub::{AsyncResult, Hub, Launcher};
use redis_client::RedisUrl;
use serde_json::json;
use simulation::publish::ScanPublisher;
use writer::WriterThread;
use writer::options::SpoolOptions;

use super::SessionService;
use crate::device_context::{DeviceContext, PropertyError};
use crate::failure::{DevFailed, ErrorStack};
use crate::nexus_writer::class::CLASS;
use crate::nexus_writer::configuration::{
    ConfiguredDevice, ConfiguredRedis, DeviceConfiguration, RedisLocation,
};
use crate::nexus_writer::log_levels::{WriterLogControl, WriterLogLevel};
use crate::nexus_writer::properties::{PropertiesError, WriterProperties};
use crate::nexus_writer::scans::{self, DiskSpaceLimit};
use crate::nexus_writer::server_context::ServerContext;
use crate::value::DevState;

/// Longer than anything that a test waits for, however busy the machine is.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(60);

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

/// A configuration that says where Redis is.
struct RedisAt(Option<RedisLocation>);

impl DeviceConfiguration for RedisAt {
    fn of_session(&self, _session: &str) -> Result<ConfiguredDevice, String> {
        let redis = self.0.clone().map(|location| ConfiguredRedis {
            location,
            is_before_property: true,
        });
        Ok(ConfiguredDevice {
            redis,
            ..ConfiguredDevice::default()
        })
    }
}

/// Runs a service, and a client in another thread.
fn with_engine(
    environment: &[(&str, String)],
    client: impl FnOnce(&Arc<SessionService>) + Send + 'static,
) {
    let hub = Hub::named("main").unwrap();
    hub.run(async {
        let writer_thread = Arc::new(WriterThread::start(Arc::default()).unwrap());
        let log_control = Arc::new(TestLogControl(Mutex::new(WriterLogLevel::Warn)));
        let found = |name: &str| {
            let found = environment.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.clone())
        };
        let url = found("REDIS_DATA_URL").map(RedisLocation::Url);
        let location = url.or_else(|| found("BEACON_HOST").map(RedisLocation::Beacon));
        let server_context = ServerContext::new(
            writer_thread.clone(),
            Launcher::current().unwrap(),
            log_control,
            SpoolOptions::none(),
            Arc::new(RedisAt(location)),
            found("BEACON_HOST"),
        );
        let service =
            SessionService::new("id00/bliss_nxwriter/demo", Arc::new(server_context)).unwrap();
        let done = AsyncResult::<(), &str>::new();
        let promise = done.promise("the client panicked");
        std::thread::spawn(move || {
            client(&service);
            promise.keep(Ok(()));
        });
        done.take().await.unwrap();
        writer_thread.stop().await.unwrap();
    });
}

fn properties(
    service: &SessionService,
    session: &str,
) -> Result<WriterProperties, PropertiesError> {
    let ask = |name: &str| {
        let value = (name == "session").then(|| vec![session.to_owned()]);
        Ok(value)
    };
    let configuration = &service.server_context().configuration;
    WriterProperties::read(ask, configuration.as_ref())
}

fn away() -> PropertyError {
    PropertyError {
        device: "id00/bliss_nxwriter/demo".to_owned(),
        property: "session".to_owned(),
        errors: ErrorStack::default(),
    }
}

fn wait_until(service: &SessionService, what: &str, holds: impl Fn(&SessionService) -> bool) {
    let deadline = Instant::now() + CLIENT_TIMEOUT;
    while !holds(service) {
        let (state, status) = (service.state(), service.status());
        assert!(Instant::now() < deadline, "not {what}: {state} {status}");
        // Not everything that a test waits for sends an event.
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn wait_for(service: &SessionService, state: DevState) {
    wait_until(service, &state.to_string(), |service| {
        service.state() == state
    });
}

/// Publishes a scan that has been created and not prepared.
async fn scan(store: &DataStore, session: &str, number: u64, path: &str) -> ScanPublisher {
    let id = ScanIdentity {
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
    with_engine(&data_store(&redis.url()), |service| {
        assert_eq!(service.state(), DevState::Init);
        assert_eq!(service.status(), "instantiation");
        service.stop().unwrap();
        service.start(|| properties(service, "demo")).unwrap();
        // It returns before the state is ON, and does not start a second run.
        service
            .start(|| panic!("reads nothing when it listens"))
            .unwrap();
        wait_for(service, DevState::On);
        assert_eq!(service.status(), "Subscribed to Redis");
        service.stop().unwrap();
        assert_eq!(service.state(), DevState::Off);
        assert_eq!(service.status(), "Finished succesfully");
        service.stop().unwrap();
        service.restart(|| properties(service, "other")).unwrap();
        wait_for(service, DevState::On);
        assert_eq!(service.properties().unwrap().session, "other");
        // While the database is away, the last known properties are used.
        service
            .restart(|| Err(PropertiesError::Database(away())))
            .unwrap();
        wait_for(service, DevState::On);
        assert_eq!(service.properties().unwrap().session, "other");
        service
            .shut_down()
            .unwrap()
            .ended
            .wait_blocking(None)
            .unwrap();
        let error = service.start(|| properties(service, "demo")).unwrap_err();
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
    with_engine(&data_store(&url), move |service| {
        service.start(|| properties(service, "demo")).unwrap();
        wait_for(service, DevState::On);
        let path = file.to_str().unwrap();
        in_hub(async {
            let store = DataStore::connect(&url).await.unwrap();
            let _other = scan(&store, "other", 1, path).await;
            let _ours = scan(&store, "demo", 2, path).await;
        });
        wait_for(service, DevState::Running);
        assert_eq!(service.status(), "Subscribed to Redis");
        // The scan is known before it is prepared, and its file can be checked.
        assert!(scans::has_write_permissions(service, "2_ascan").unwrap());
        assert_eq!(
            scans::disk_space(service, "2_ascan", DiskSpaceLimit::Required),
            Ok(String::new())
        );
        let refused = "RuntimeError: Cannot stop session subscriber when scans are running\n";
        assert_eq!(service.stop().unwrap_err().to_string(), refused);
        let read = || panic!("reads nothing when it is refused");
        assert_eq!(service.restart(read).unwrap_err().to_string(), refused);
        assert_eq!(service.state(), DevState::Running);
        let unknown = scans::state(service, "1_ascan").unwrap_err();
        assert_eq!(
            unknown.to_string(),
            "ValueError: No subscriber for scan '1_ascan' exists\n"
        );
        assert!(scans::stop_known(service, "1_ascan").is_err());
        scans::stop(service, "1_ascan").unwrap();
        scans::stop(service, "2_ascan").unwrap();
        assert_eq!(scans::state(service, "2_ascan"), Ok(DevState::Fault));
        assert_eq!(scans::reason(service, "2_ascan").unwrap(), "Stop requested");
        wait_for(service, DevState::On);
        service.stop().unwrap();
        service.restart(|| properties(service, "demo")).unwrap();
        // Records outlive the restart.
        assert_eq!(scans::state(service, "2_ascan"), Ok(DevState::Fault));
        service.records().purge(Duration::ZERO);
        assert!(scans::state(service, "2_ascan").is_err());
    });
}

#[test]
fn a_device_that_is_made_again_finds_its_scans() {
    let redis = testing::redis();
    let url = redis.url();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("data.h5");
    with_engine(&data_store(&url), move |service| {
        let wrong = || {
            Err(PropertiesError::Invalid(DevFailed::new(
                "reason", "wrong", "origin",
            )))
        };
        service
            .attach_device(&device(1), properties(service, "demo"))
            .unwrap();
        wait_for(service, DevState::On);
        let first = service.run().unwrap();
        service.detach_device(&device(1));
        assert!(service.device().is_none());
        // Nothing has changed, so the run continues.
        service
            .attach_device(&device(2), properties(service, "demo"))
            .unwrap();
        assert!(!first.stop.is_set());
        in_hub(async {
            let store = DataStore::connect(&url).await.unwrap();
            let _crashed = scan(&store, "demo", 1, file.to_str().unwrap()).await;
        });
        wait_for(service, DevState::Running);
        service.attach_device(&device(3), wrong()).unwrap();
        service
            .attach_device(&device(4), properties(service, "other"))
            .unwrap();
        // The predecessor is removed late.
        service.detach_device(&device(2));
        assert_eq!(service.device().unwrap().id, 4);
        assert_eq!(service.state(), DevState::Running);
        scans::stop(service, "1_ascan").unwrap();
        wait_for(service, DevState::On);
        assert!(!first.stop.is_set());
        service
            .attach_device(&device(5), properties(service, "other"))
            .unwrap();
        assert!(first.ended.is_set());
        assert_eq!(service.properties().unwrap().session, "other");
        wait_for(service, DevState::On);
        assert!(service.attach_device(&device(6), wrong()).is_err());
        wait_for(service, DevState::Off);
        assert_eq!(scans::state(service, "1_ascan"), Ok(DevState::Fault));
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
    with_engine(&[("BEACON_HOST", "no port".to_owned())], |service| {
        service.start(|| properties(service, "demo")).unwrap();
        wait_for(service, DevState::Fault);
        assert_eq!(
            service.status(),
            "BEACON_HOST is \"no port\", expected host:port"
        );
        service.stop().unwrap();
        assert_eq!(service.state(), DevState::Fault);
        let wrong = || {
            let mut wrong = properties(service, "demo")?;
            wrong.beacon_host = Some("bl00:25000".to_owned());
            Ok(wrong)
        };
        assert!(service.start(wrong).is_err());
        assert_eq!(
            service.status(),
            "RuntimeError: Beacon host mismatch: 'no port' (environment) vs. 'bl00:25000' (tango device property)"
        );
        service.start(|| properties(service, "demo")).unwrap();
        wait_until(service, "as before", |service| {
            service.status().starts_with("BEACON_HOST")
        });
    });
}

#[test]
fn a_device_that_waits_for_redis_can_be_stopped() {
    let nobody = "redis://127.0.0.1:9".to_owned();
    with_engine(&[("REDIS_DATA_URL", nobody)], |service| {
        service.start(|| properties(service, "demo")).unwrap();
        assert_eq!(service.state(), DevState::Init);
        assert_eq!(service.status(), "Starting");
        service.stop().unwrap();
        assert_eq!(service.state(), DevState::Off);
    });
}

#[test]
fn a_device_in_fault_works_again_when_redis_accepts_it() {
    let redis = testing::redis();
    let url = redis.url();
    let with_password: RedisUrl = url
        .with_secrets()
        .replacen("://", "://:secret@", 1)
        .parse()
        .unwrap();
    let call = move |url: &RedisUrl, command: &str| {
        in_hub(async { testing::redis_call(url, command).await });
    };
    with_engine(&data_store(&url), move |service| {
        // At the start.
        call(&url, "CONFIG SET requirepass secret");
        service.start(|| properties(service, "demo")).unwrap();
        wait_for(service, DevState::Fault);
        assert!(service.status().contains("NOAUTH"), "{}", service.status());
        call(&with_password, "CONFIG SET requirepass ");
        wait_for(service, DevState::On);
        // While it listens: all its connections are closed, and it cannot make new ones.
        call(&url, "CONFIG SET requirepass secret");
        call(&with_password, "CLIENT KILL TYPE normal");
        wait_for(service, DevState::Fault);
        call(&with_password, "CONFIG SET requirepass ");
        wait_for(service, DevState::On);
        assert_eq!(service.status(), "Subscribed to Redis");
        // A device in FAULT can be stopped.
        call(&url, "CONFIG SET requirepass secret");
        call(&with_password, "CLIENT KILL TYPE normal");
        wait_for(service, DevState::Fault);
        service.stop().unwrap();
        assert_eq!(service.state(), DevState::Off);
    });
}
