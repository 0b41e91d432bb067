//! Lets others watch a command that runs for long: metrics and health by HTTP, and systemd.

use std::net::SocketAddr;
use std::sync::Arc;

use hub::Greenlet;
use observation::{Observation, SILENCE_LIMIT};
use web::{BuildInfo, Listen, WebError, WebOptions, WebService};
use writer::heartbeat;

use crate::args::Http;
use crate::exit::Failure;
use crate::file_reading;
use crate::logging;
use crate::signals::Interrupts;

/// Lets others watch the process until it is dropped.
pub struct Monitoring {
    observation: Arc<Observation>,
    greenlets: [Greenlet<()>; 2],
    /// Dropped after it was noted that the process ends, to tell that.
    service: WebService,
}

impl Monitoring {
    /// Starts to show how the process is. Must be called on the hub of the listeners, which counts as moving from then on.
    ///
    /// # Errors
    /// If it is not possible to listen as asked for, or the system has no resources left.
    pub fn start(
        http: &Http,
        usual: Listen,
        observation: &Arc<Observation>,
        interrupts: &Interrupts,
    ) -> Result<Monitoring, Failure> {
        let options = WebOptions {
            listen: http.listen(usual),
            access: http.access().map_err(Failure::usage)?,
            build: build_info()?,
            live: http.live(),
            log: logging::recent_lines(),
            reader: Some(file_reading::program()),
        };
        let service = WebService::start(options, observation).map_err(|error| match error {
            error @ WebError::Thread(_) => error.into(),
            error => Failure::usage(error),
        })?;
        let stopping = {
            let (stop, observation) = (interrupts.stop_requested.clone(), observation.clone());
            hub::spawn(async move {
                stop.wait().await;
                observation.readiness.set_stopping();
            })
        };
        let moving = heartbeat::spawn(observation, "main", SILENCE_LIMIT);
        Ok(Monitoring {
            observation: observation.clone(),
            greenlets: [stopping, moving],
            service,
        })
    }

    /// Returns where others can ask, if they can.
    pub fn address(&self) -> Option<SocketAddr> {
        self.service.address()
    }
}

impl Drop for Monitoring {
    fn drop(&mut self) {
        self.observation.readiness.set_stopping();
        self.greenlets.iter().for_each(Greenlet::kill);
    }
}

fn build_info() -> Result<BuildInfo, Failure> {
    let features = [
        ("simulation", cfg!(feature = "simulation")),
        ("tango", cfg!(feature = "tango")),
        ("h5web", cfg!(feature = "h5web")),
    ];
    let features = features.iter().filter(|(_, is_built)| *is_built);
    let features: Vec<_> = features.map(|(name, _)| *name).collect();
    Ok(BuildInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        // The variable is set when a release is built.
        commit: option_env!("NEXUS_WRITER_COMMIT")
            .unwrap_or_default()
            .to_owned(),
        hdf5: nexus::hdf5_version()?,
        #[cfg(feature = "tango")]
        tango: tango::TANGO_VERSION.to_owned(),
        #[cfg(not(feature = "tango"))]
        tango: String::new(),
        features: features.join(","),
    })
}
