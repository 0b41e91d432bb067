//! What all handlers of requests share.

use std::net::SocketAddr;
use std::sync::Arc;

use observation::{Counter, Observation};
use prometheus_client::registry::Registry;

use crate::access::Access;
use crate::api::ApiState;
use crate::live::LiveData;
use crate::metrics::{self, MetricsWatch};
use crate::options::BuildInfo;

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
    pub build: BuildInfo,
    /// What the answers with states of scans share.
    pub api: ApiState,
    /// Data of the scans that are watched.
    pub live: LiveData,
}

impl WebState {
    /// Creates the state of a service that listens at this address.
    pub fn new(
        observation: &Arc<Observation>,
        access: Access,
        address: SocketAddr,
        build: &BuildInfo,
    ) -> WebState {
        let http = Arc::<HttpFigures>::default();
        WebState {
            observation: observation.clone(),
            access,
            address,
            metrics: metrics::registry(observation, &http, build),
            watch: MetricsWatch::default(),
            http,
            build: build.clone(),
            api: ApiState::default(),
            live: LiveData::default(),
        }
    }
}

/// Answers to HTTP requests by the first digit of their status, from 1 to 5.
#[derive(Debug, Default)]
pub struct HttpFigures([Counter; 5]);

impl HttpFigures {
    /// The classes of status codes.
    pub const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

    /// Counts an answer.
    pub fn answered(&self, status: u16) {
        let class = usize::from(status / 100).saturating_sub(1);
        if let Some(count) = self.0.get(class) {
            count.increment();
        }
    }

    /// Returns the answers of each class.
    pub fn counts(&self) -> [(&'static str, u64); 5] {
        std::array::from_fn(|class| (Self::CLASSES[class], self.0[class].get()))
    }
}
