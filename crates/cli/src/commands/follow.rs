//! `run` and `session`: save scans as they appear.

use std::convert::Infallible;
use std::future::pending;
use std::path::PathBuf;
use std::sync::Arc;

use hub::Queue;
use observation::Observation;
use web::Listen;
use writer::options::{DataWriterFilter, SpoolOptions};
use writer::session::{NexusSessionWriter, Notice, SessionChecks, SessionOptions};
use writer::source::{ModelChoice, ScanServer};

use super::semaphore::Semaphore;
use super::{Monitoring, Outcome, Writing, connect};
use crate::args::{Http, MEBIBYTE, MEGABYTE, RedisOrigin, Saving, Service};
use crate::exit::{self, Failure};
use crate::signals::Interrupts;

/// Saves every scan that asks for this writer.
pub async fn run(
    redis: Option<RedisOrigin>,
    writer: DataWriterFilter,
    saving: Saving,
    http: Http,
    interrupts: Interrupts,
) -> Outcome {
    let options = SessionOptions {
        writer,
        save: saving.options(MEGABYTE),
        ..SessionOptions::default()
    };
    let redis = RedisArgs {
        origin: redis,
        model: saving.model(),
        spool: saving.spool_options(MEGABYTE),
    };
    let web = (http, Listen::Default);
    follow(redis, options, saving.writing(), web, None, interrupts).await
}

/// Saves the scans of one session.
pub async fn session(
    name: String,
    redis: Option<RedisOrigin>,
    service: Service,
    saving: Saving,
    web: (Http, Listen),
    interrupts: Interrupts,
) -> Outcome {
    let options = SessionOptions {
        session: Some(name),
        writer: service.data_writer,
        save: saving.options(MEBIBYTE),
        ..SessionOptions::default()
    };
    let semaphore = service.start_semaphore_file;
    let redis = RedisArgs {
        origin: redis,
        model: saving.model(),
        spool: saving.spool_options(MEBIBYTE),
    };
    let writing = saving.writing();
    follow(redis, options, writing, web, semaphore, interrupts).await
}

/// Where the scans come from.
struct RedisArgs {
    origin: Option<RedisOrigin>,
    model: ModelChoice,
    /// Where unread points are kept that Redis is about to drop.
    spool: SpoolOptions,
}

async fn follow(
    redis: RedisArgs,
    mut options: SessionOptions,
    writing: Writing,
    (http, usual): (Http, Listen),
    semaphore: Option<PathBuf>,
    interrupts: Interrupts,
) -> Outcome {
    let observation = Arc::new(Observation::default());
    let checks = Arc::new(SessionChecks::new(&observation, options.session.as_deref()));
    let _monitoring = Monitoring::start(&http, usual, &observation, &interrupts)?;
    let discovered = connect::discover(redis.origin);
    let Some(url) = connect::unless_stopped(&interrupts, discovered).await? else {
        return Ok(exit::SUCCESS);
    };
    let mut semaphore = semaphore.map(Semaphore::prepare).transpose()?;
    // Redis may be started after the service, so there need not be a connection yet.
    let server = ScanServer::new(&url, redis.model, &observation);
    let ready = connect::wait_ready(&server, |reason| checks.wait_for_redis(reason));
    let Some(model) = connect::unless_stopped(&interrupts, ready).await? else {
        return Ok(exit::SUCCESS);
    };
    let writer_thread = Arc::new(writing.start(observation.clone()).await?);
    let notices = semaphore.is_some().then(|| Queue::new(1));
    options.notices = notices.clone();
    options.checks = Some(checks);
    let scans = server.spooling_scans(model, &redis.spool);
    let session = NexusSessionWriter::start(&writer_thread, &scans, options)?;
    let served = tokio::select! {
        served = serve(&session, &interrupts) => served,
        Err(failure) = create_when_subscribed(semaphore.as_mut(), notices) => Err(failure),
        never = report_start(&session, &observation) => match never {},
    };
    if served.is_err() {
        session.subscriber().stop();
        session.subscriber().join(None).await;
    }
    writer_thread.stop().await?;
    served.map(|()| exit::SUCCESS)
}

/// Lets the session save scans until it fails or a signal ends it.
async fn serve(session: &NexusSessionWriter, interrupts: &Interrupts) -> Result<(), Failure> {
    tokio::select! {
        _ = session.subscriber().join(None) => {}
        () = interrupts.stop_requested.wait() => {
            session.subscriber().stop();
            tokio::select! {
                _ = session.subscriber().join(None) => {}
                () = interrupts.abort_requested.wait() => {
                    session.subscriber().kill("told to leave");
                    session.subscriber().join(None).await;
                }
            }
        }
    }
    match session.subscriber().fault() {
        Some(fault) => Err(fault.into()),
        None => Ok(()),
    }
}

/// Notes once that scans are taken. Never returns.
pub async fn report_start(session: &NexusSessionWriter, observation: &Observation) -> Infallible {
    if session.subscriber().subscribed(None).await {
        observation.readiness.set_started();
    }
    pending().await
}

/// Creates the semaphore file once the session has subscribed. Returns only if that fails.
async fn create_when_subscribed(
    semaphore: Option<&mut Semaphore>,
    notices: Option<Queue<Notice>>,
) -> Result<(), Failure> {
    if let (Some(semaphore), Some(notices)) = (semaphore, notices) {
        while !matches!(notices.get().await, Some(Notice::Subscribed) | None) {}
        // Further notices are not needed, and the session must not wait until they are read.
        notices.close();
        semaphore.create()?;
    }
    pending().await
}
