//! What others can ask a writer, and what it tells systemd.
//!
//! A [`WebService`] is one thread, `web`, with an event loop of its own. It reads the [`Observation`](observation::Observation) of the process, on
//! which the parts of the writer report what they do, and slows none of them down.
//!
//! | path | answer |
//! |---|---|
//! | `/` | the page, on which people see in a browser what is saved |
//! | `/metrics` | all figures, in the text format of OpenMetrics 1.0 |
//! | `/livez`, `/healthz` | 200 while the threads of the process move, otherwise 503 and the threads that do not |
//! | `/readyz` | 200 while scans are taken and can be saved, otherwise 503; JSON says why |
//! | `/api/v1/state`, `/api/v1/events` | what the writer does at present: once, and whenever it changes |
//! | `/api/v1/scans`, `/api/v1/scans/{key}` | running and past scans, and one of them with its channels |
//! | `/api/v1/scans/{key}/curve`, `spectrum`, `image`, `map` | data of a scan, as far as they are kept |
//! | `/api/v1/files/{id}` | a file that scans were saved in |
//! | `/api/h5grove/meta`, `attr`, `data`, `paths`, `stats` | the content of such a file, as h5grove answers |
//! | `/h5web/` | such a file in H5Web, with the feature `h5web` |
//! | `/api/v1/log` | the last lines of the log |
//! | `/api/v1/login` | a cookie in place of the token |
//!
//! Each of these has a module with a router of its own; `routes` joins them. A request for something else is answered
//! by 404, another method than GET by 405, and a request that a web page of another host has sent by 403 or 421 (see
//! `guard`).
//!
//! Under systemd (`NOTIFY_SOCKET`) the same thread tells when scans are taken, what the writer does, and, as long as
//! `/livez` would say so, that it is alive.
//!
//! # Example
//!
//! ```
//! use std::sync::Arc;
//!
//! use observation::Observation;
//! use web::{BuildInfo, Listen, WebOptions, WebService};
//!
//! # fn main() -> Result<(), web::WebError> {
//! let observation = Arc::new(Observation::default());
//! let options = WebOptions {
//!     listen: Listen::At(([127, 0, 0, 1], 0).into()),
//!     ..WebOptions::new(BuildInfo::default())
//! };
//! let service = WebService::start(options, &observation)?;
//! if let Some(address) = service.address() {
//!     println!("http://{address}/metrics");
//! }
//! # Ok(())
//! # }
//! ```

mod access;
mod api;
mod connections;
mod error;
mod files;
mod guard;
#[cfg(feature = "h5web")]
mod h5web;
mod health;
mod listen;
mod live;
mod log_lines;
mod manager_socket;
mod metrics;
mod options;
mod page;
mod parameters;
mod process;
mod routes;
mod served_files;
mod service;
mod stalled_stream;
mod state;
mod status_text;
mod systemd;
mod url_file;

pub use access::{Access, AccessError};
pub use error::WebError;
pub use files::ReaderProgram;
pub use listen::{DEFAULT_ADDRESS, Listen, ListenError};
pub use log_lines::{LineLevel, LogLine, LogLines};
pub use metrics::metric_names;
pub use options::{BuildInfo, LiveOptions, WebOptions};
pub use service::WebService;
