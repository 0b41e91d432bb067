//! Accepts connections, within limits that no client can exceed.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tracing::{debug, warn};

use crate::stalled_stream::StalledStream;

/// Most connections at the same time. Others wait until one of these has ended.
const MAX_CONNECTIONS: usize = 64;

/// Most bytes of the first line and the headers of a request.
const MAX_HEADER_BYTES: usize = 8192;

/// Most headers of a request.
const MAX_HEADERS: usize = 64;

/// How long a client may take to send the headers of its next request.
const HEADER_LIMIT: Duration = Duration::from_secs(10);

/// How long a client may take nothing of an answer.
const STALL_LIMIT: Duration = Duration::from_secs(30);

/// Time until it is tried again to accept a connection, when the process may not open any more files.
const RETRY_PERIOD: Duration = Duration::from_millis(500);

/// Serves connections for ever.
pub async fn serve(listener: TcpListener, router: Router) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut is_reported = false;
    loop {
        // The semaphore is never closed.
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                is_reported = false;
                tokio::spawn(serve_connection(stream, router.clone(), place));
            }
            Err(error) => {
                if !is_reported {
                    warn!("HTTP connections cannot be accepted, trying again: {error}");
                    is_reported = true;
                }
                sleep(RETRY_PERIOD).await;
            }
        }
    }
}

async fn serve_connection(stream: TcpStream, router: Router, place: OwnedSemaphorePermit) {
    let stream = TokioIo::new(StalledStream::new(stream, STALL_LIMIT));
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_LIMIT)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEADER_BYTES)
        .max_buf_size(2 * MAX_HEADER_BYTES);
    let service = TowerToHyperService::new(router);
    if let Err(error) = builder.serve_connection(stream, service).await {
        debug!("an HTTP connection has failed: {error}");
    }
    drop(place);
}
