//! What all handlers of requests share.

use std::net::SocketAddr;
use std::sync::Arc;

use observation::{Counter, Gauge, Observation};
use prometheus_client::registry::Registry;
use tokio::sync::Semaphore;

use crate::access::Access;
use crate::api::ApiState;
use crate::files::ReaderPool;
use crate::live::LiveData;
use crate::log_lines::LogLines;
use crate::metrics::{self, MetricsWatch};
use crate::options::{BuildInfo, WebOptions};

/// The most requests that are answered at the same time.
const MAX_REQUESTS: usize = 32;

/// What all handlers of requests share.
pub struct WebState {
    pub observation: Arc<Observation>,
    pub access: Access,
    /// Where requests arrive.
    pub address: SocketAddr,
    /// The metrics, which are made when they are asked for.
    pub metrics: Registry,
    /// Has times measured while somebody asks for metrics.
    pub watch: MetricsWatch,
    pub http: Arc<HttpFigures>,
    /// The requests that may be answered at the same time.
    pub places: Semaphore,
    pub build: BuildInfo,
    /// The last lines of the log.
    pub log: &'static LogLines,
    /// What the answers with states of scans share.
    pub api: ApiState,
    /// Data of the scans that are watched.
    pub live: LiveData,
    /// The processes that read files.
    pub readers: ReaderPool,
}

impl WebState {
    /// Creates the state of a service that listens at this address.
    pub fn new(
        observation: &Arc<Observation>,
        options: WebOptions,
        address: SocketAddr,
    ) -> WebState {
        let WebOptions {
            access,
            build,
            live,
            log,
            reader,
            ..
        } = options;
        let http = Arc::<HttpFigures>::default();
        WebState {
            observation: observation.clone(),
            access,
            address,
            metrics: metrics::registry(observation, &http, &build),
            watch: MetricsWatch::default(),
            http,
            places: Semaphore::new(MAX_REQUESTS),
            build,
            log,
            api: ApiState::new(live.viewers),
            live: LiveData::new(live.memory - live.memory_of_channels()),
            readers: ReaderPool::new(reader),
        }
    }
}

/// What is counted of HTTP.
#[derive(Debug, Default)]
pub struct HttpFigures {
    /// Viewers that receive the state whenever it changes.
    pub viewers: Gauge,
    /// Answers by the first digit of their status, from 1 to 5.
    answers: [Counter; 5],
}

impl HttpFigures {
    /// The classes of status codes.
    pub const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

    /// Counts an answer.
    pub fn answered(&self, status: u16) {
        let class = usize::from(status / 100).saturating_sub(1);
        if let Some(count) = self.answers.get(class) {
            count.increment();
        }
    }

    /// Returns the answers of each class.
    pub fn counts(&self) -> [(&'static str, u64); 5] {
        std::array::from_fn(|class| (Self::CLASSES[class], self.answers[class].get()))
    }
}
