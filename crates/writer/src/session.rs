//! [`NexusSessionWriter`]: saves the scans of a session as they appear.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use blissdata::resp::{Command, Value};
use blissdata::store::{DataStore, History, ScanKey};
use hub::Queue;
use tokio::time::{Instant, interval_at};
use tracing::{Span, info, warn};

use crate::options::{DataWriter, SaveOptions};
use crate::report::{Outcome, Progress, ScanReport, figures};
use crate::scan::NexusScanWriter;
use crate::subscriber::{
    Consumer, Context, Fault, IllegalTransition, Listener, Mode, Sink, Subscriber,
};
use crate::workshop::Workshop;

/// Longest wait for a new scan before the listener looks whether it shall stop.
const POLL: Duration = Duration::from_millis(500);

/// How often people hear how far a scan is, as with the Python writer.
const PROGRESS: Duration = Duration::from_secs(5);

/// Which scans to save, and who hears of it.
#[derive(Clone, Default)]
pub struct SessionOptions {
    /// Name of the BLISS session; every session if there is none.
    pub session: Option<String>,
    /// Which scans are ours, by the writer that they ask for.
    pub writer: DataWriter,
    /// How they are saved.
    pub save: SaveOptions,
    /// Where to tell what happens, for whoever shows it.
    pub notices: Option<Queue<Notice>>,
}

/// What an observer of a session hears.
#[derive(Clone)]
pub enum Notice {
    /// The session is subscribed: scans from now on are saved.
    Subscribed,
    /// A scan is being saved.
    Started(NexusScanWriter),
    /// The saving of a scan has ended.
    Ended(ScanReport),
}

/// A subscriber in sequential mode: a greenlet of this thread follows the history of scans and
/// starts a [`NexusScanWriter`] for each that is ours.
pub struct NexusSessionWriter {
    subscriber: Subscriber,
}

impl NexusSessionWriter {
    /// Starts to follow the scans of `store` that appear from now on.
    pub fn start(
        workshop: &Arc<Workshop>,
        store: &DataStore,
        options: SessionOptions,
    ) -> Result<NexusSessionWriter, IllegalTransition> {
        let name = options.session.as_deref().unwrap_or("all sessions");
        let subscriber = Subscriber::new(name);
        let announcer = Announcer {
            notices: options.notices,
        };
        let listener = HistoryListener {
            store: store.clone(),
            announcer: announcer.clone(),
        };
        let scans = SessionScans {
            workshop: workshop.clone(),
            store: store.clone(),
            session: options.session,
            writer: options.writer,
            save: options.save,
            running: Arc::default(),
            announcer,
        };
        subscriber.start(Mode::Sequential, listener, move || scans)?;
        Ok(NexusSessionWriter { subscriber })
    }

    /// The subscriber: its state, and the means to stop it.
    ///
    /// A stop takes no new scan, and saves what Redis has of those that run.
    pub fn subscriber(&self) -> &Subscriber {
        &self.subscriber
    }
}

/// Follows the history of scans.
struct HistoryListener {
    store: DataStore,
    announcer: Announcer,
}

impl Listener for HistoryListener {
    type Event = ScanKey;

    async fn listen<C: Consumer<Event = ScanKey>>(
        self,
        context: Context,
        sink: Sink<C>,
    ) -> Result<(), Fault> {
        // The position is taken once, before readiness is told: no scan falls in between.
        let mut history = History::from_now(&self.store)
            .await
            .map_err(|error| Fault::new(&error))?;
        context.ready();
        info!("subscribed: scans are saved from now on");
        self.announcer.tell(Notice::Subscribed).await;
        while !context.stopping().is_set() {
            let next = tokio::select! {
                () = context.stopping().wait() => break,
                next = history.next(POLL) => next,
            };
            for (_, key) in next.map_err(|error| Fault::new(&error))? {
                sink.put(key, 0).await?;
            }
        }
        Ok(())
    }
}

/// The scans of a session that are being saved.
struct SessionScans {
    workshop: Arc<Workshop>,
    store: DataStore,
    session: Option<String>,
    writer: DataWriter,
    save: SaveOptions,
    running: Arc<Mutex<HashMap<ScanKey, NexusScanWriter>>>,
    announcer: Announcer,
}

impl Consumer for SessionScans {
    type Event = ScanKey;

    /// A scan that cannot be begun costs that scan, not the session.
    async fn consume(&mut self, key: ScanKey) -> Result<(), Fault> {
        match self.is_ours(&key).await {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => {
                warn!(scan = %key, "cannot tell whose scan it is: {error}");
                return Ok(());
            }
        }
        let (writer, save) = (Some(self.writer.clone()), self.save.clone());
        match NexusScanWriter::start(&self.workshop, &self.store, key.clone(), writer, save) {
            Ok(writer) => self.watch(key, writer).await,
            Err(error) => warn!(scan = %key, "cannot be saved: {error}"),
        }
        Ok(())
    }

    async fn finish(self, end: Result<(), Fault>) -> Result<(), Fault> {
        let running: Vec<_> = self.running().values().cloned().collect();
        for writer in &running {
            match &end {
                Ok(()) => writer.subscriber().stop(),
                Err(fault) => writer.subscriber().kill(fault),
            }
        }
        for writer in &running {
            writer.subscriber().join(None).await;
        }
        end
    }
}

impl SessionScans {
    async fn is_ours(&self, key: &ScanKey) -> Result<bool, String> {
        let Some(session) = &self.session else {
            return Ok(true);
        };
        // Only the identity is asked for: what the scan is about does not matter yet.
        let command = Command::new("JSON.GET").arg(key.as_str()).arg(".id");
        let reply = self
            .store
            .call(&command)
            .await
            .map_err(|error| error.to_string())?;
        let Value::Text(text) = reply else {
            return Ok(false);
        };
        let id: serde_json::Value =
            serde_json::from_slice(&text).map_err(|error| error.to_string())?;
        Ok(id.get("session").and_then(serde_json::Value::as_str) == Some(session))
    }

    /// Remembers the scan until its saving has ended.
    async fn watch(&mut self, key: ScanKey, writer: NexusScanWriter) {
        self.running().insert(key.clone(), writer.clone());
        let span = Span::current();
        span.record("state", "RUNNING");
        self.announcer.tell(Notice::Started(writer.clone())).await;
        let (running, announcer) = (self.running.clone(), self.announcer.clone());
        hub::spawn(async move {
            let report = follow(&writer).await;
            writer
                .subscriber()
                .span()
                .in_scope(|| log(&report, writer.progress()));
            announcer.tell(Notice::Ended(report)).await;
            let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
            running.remove(&key);
            if running.is_empty() {
                span.record("state", "ON");
            }
        })
        .detach();
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<ScanKey, NexusScanWriter>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells notices to whoever wants to hear them.
#[derive(Clone)]
struct Announcer {
    notices: Option<Queue<Notice>>,
}

impl Announcer {
    async fn tell(&self, notice: Notice) {
        if let Some(notices) = &self.notices
            && notices.put(notice, 1).await.is_err()
        {
            // Whoever listened has gone: nobody misses the notice.
        }
    }
}

/// Tells now and then how far a scan is, until it has ended.
async fn follow(writer: &NexusScanWriter) -> ScanReport {
    let mut clock = interval_at(Instant::now() + PROGRESS, PROGRESS);
    let scan = writer.key();
    loop {
        tokio::select! {
            report = writer.report() => return report,
            _ = clock.tick() => writer.subscriber().span().in_scope(|| {
                let duration = writer.subscriber().duration().unwrap_or_default();
                let duration = figures::duration(duration);
                info!(%scan, "{} {duration}", writer.progress());
            }),
        }
    }
}

/// The one line of a scan that everybody wants to see.
fn log(report: &ScanReport, progress: &Progress) {
    let files: Vec<_> = report
        .files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    let (scan, reason) = (&report.key, &report.reason);
    match report.outcome {
        Outcome::Skipped => info!(%scan, "{reason}"),
        Outcome::Complete => {
            let duration = figures::duration(report.duration);
            let files = files.join("', '");
            info!(%scan, "Finished writing to '{files}' ({progress} {duration})");
        }
        outcome => warn!(%scan, "{} in {}: {reason}", outcome.name(), files.join(", ")),
    }
}
