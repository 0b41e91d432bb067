//! `/api/v1`: what the live page shows, as JSON.

mod events;
mod file_id;
mod head;
mod log;
mod login;
mod rates;
mod scan_text;
mod scans;
mod snapshot;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use axum::Router;
use chrono::{DateTime, Local, SecondsFormat};

use crate::state::WebState;
pub use events::{Viewers, publish};
pub use file_id::file_id;
use rates::Rates;

/// What the answers share.
#[derive(Debug)]
pub struct ApiState {
    rates: Mutex<Rates>,
    pub viewers: Viewers,
}

impl ApiState {
    /// Creates the state with places for this number of viewers.
    pub fn new(viewers: usize) -> ApiState {
        ApiState {
            rates: Mutex::default(),
            viewers: Viewers::new(viewers),
        }
    }

    /// No code runs under the lock that could leave the rates half changed.
    fn rates(&self) -> MutexGuard<'_, Rates> {
        self.rates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the router of this part.
pub fn router() -> Router<Arc<WebState>> {
    Router::new()
        .merge(events::router())
        .merge(log::router())
        .merge(login::router())
        .merge(scans::router())
}

/// Formats a time as local time with its offset (RFC 3339).
pub fn local_time(time: SystemTime) -> String {
    DateTime::<Local>::from(time).to_rfc3339_opts(SecondsFormat::Millis, false)
}
