//! Connects to the Redis server that the arguments or the environment name.

use std::sync::Arc;

use redis_client::RedisUrl;
use writer::options::SpoolOptions;
use writer::source::{DataModel, ModelChoice, ScanServer, ScanServerError, ScanStore};

use crate::args::RedisOrigin;
use crate::exit::Failure;
use crate::secrets;
use crate::signals::Interrupts;
use crate::url_file;

/// The variable by which BLISS programs name their Beacon server.
const BEACON_HOST: &str = "BEACON_HOST";

/// Returns the URL of Redis from what says it.
pub async fn discover(origin: Option<RedisOrigin>) -> Result<RedisUrl, Failure> {
    let (url, beacon) = match origin {
        Some(RedisOrigin::Url(url)) => (Some(secrets::with_password(&url)), None),
        Some(RedisOrigin::UrlFile(file)) => return url_file::read(&file).map_err(Failure::usage),
        Some(RedisOrigin::Beacon(host)) => (None, Some(host)),
        None => (None, None),
    };
    let named = |name: &str| beacon.clone().filter(|_| name == BEACON_HOST);
    RedisUrl::discover_in(url.as_deref(), named)
        .await
        .map_err(Failure::usage)
}

/// Returns the scans of a server that must be reachable now, to save them. Waits until the server holds a data model.
pub async fn reachable_scans(
    url: &RedisUrl,
    model: ModelChoice,
    spool: &SpoolOptions,
) -> Result<(DataModel, Arc<dyn ScanStore>), Failure> {
    let server = ScanServer::new(url, model, &Arc::default());
    server.connect().await.map_err(Failure::usage)?;
    let model = wait_ready(&server, |_| {}).await?;
    Ok((model, server.spooling_scans(model, spool)))
}

/// Returns the scans of a server that must be reachable now, to read them. A server that holds no data model yet is
/// taken for one of BLISS 2.
pub async fn scans_now(url: &RedisUrl, model: ModelChoice) -> Result<Arc<dyn ScanStore>, Failure> {
    let server = ScanServer::new(url, model, &Arc::default());
    server.connect().await.map_err(Failure::usage)?;
    let model = match server.check().await {
        Ok(model) => model,
        Err(ScanServerError::Nodes(error)) => return Err(Failure::usage(error)),
        // Each scan is then reported as not found, for that reason.
        Err(_) => DataModel::Blissdata,
    };
    Ok(server.scans(model))
}

/// Waits until the server holds a data model. Calls `waiting` with the reason, once per reason.
pub async fn wait_ready(server: &ScanServer, waiting: impl Fn(&str)) -> Result<DataModel, Failure> {
    let ready = server.wait_ready_with(waiting).await;
    ready.map_err(Failure::usage)
}

/// Waits for a step of the start. Returns `None` if a signal came first, which ends the wait at once.
pub async fn unless_stopped<T>(
    interrupts: &Interrupts,
    step: impl Future<Output = Result<T, Failure>>,
) -> Result<Option<T>, Failure> {
    tokio::select! {
        () = interrupts.stop_requested.wait() => Ok(None),
        done = step => done.map(Some),
    }
}
