//! [`NexusSessionWriter`]: saves the scans of a session as they appear.

mod consumer;
mod earlier_scans;
mod listener;
mod watch;

use std::sync::Arc;

use hub::{Event, Queue};

use crate::inspection::Inspector;
use crate::options::{DataWriterFilter, SaveOptions};
use crate::records::ScanRecords;
use crate::report::ScanReport;
use crate::scan::NexusScanWriter;
use crate::source::ScanStore;
use crate::subscriber::{IllegalTransition, Mode, Subscriber};
use crate::writer_thread::WriterThread;
use consumer::SessionConsumer;
use earlier_scans::EarlierScans;
use listener::SessionListener;
pub use watch::SessionChecks;
use watch::{ScanDirectories, SessionWatch};

/// Which scans of which session are saved, and how.
#[derive(Clone, Default)]
pub struct SessionOptions {
    /// Name of the BLISS session; `None` stands for all sessions.
    pub session: Option<String>,
    /// Which scans are saved, by the writer that they ask for.
    pub writer: DataWriterFilter,
    /// How the scans are saved.
    pub save: SaveOptions,
    /// Receives notices of what happens, for an observer.
    pub notices: Option<Queue<Notice>>,
    /// Set to ignore scans that were created while there was no writer.
    pub only_new: bool,
    /// Keeps the records of the scans. They may outlive the session writer and be passed to the next one.
    pub records: ScanRecords,
    /// Receives what prevents the saving of scans.
    pub checks: Option<Arc<SessionChecks>>,
}

/// Something that an observer of a session learns.
#[derive(Clone)]
pub enum Notice {
    /// The session writer has subscribed: scans from now on are saved.
    Subscribed,
    /// A scan is being saved.
    Started(NexusScanWriter),
    /// The saving of a scan has ended.
    Ended(ScanReport),
}

/// Sends notices to an observer, if there is one.
#[derive(Clone)]
struct NoticeSender(Option<Queue<Notice>>);

impl NoticeSender {
    /// Waits until the queue of the observer has room for the notice. A closed queue has no observer any
    /// more, so the notice is dropped.
    async fn send(&self, notice: Notice) {
        if let Some(notices) = &self.0
            && notices.put(notice, 1).await.is_err()
        {
            tracing::trace!("the session has no observer any more");
        }
    }
}

/// A subscriber in sequential mode: a greenlet of this thread follows the history of scans and
/// starts a [`NexusScanWriter`] for each scan that asks for this writer.
///
/// Redis remembers which scans are done, for each session and kind of writer. The next writer saves scans
/// that were created while there was none, and continues those that a killed writer has left. Several
/// writers of one kind share the scans.
pub struct NexusSessionWriter {
    subscriber: Subscriber,
    records: ScanRecords,
}

impl NexusSessionWriter {
    /// Starts to save the scans of `store` that appear from now on, and those that the last writer of this
    /// kind has left or missed.
    ///
    /// # Errors
    /// Never for a new subscriber; the type is that of [`Subscriber::start`].
    pub fn start(
        writer_thread: &Arc<WriterThread>,
        store: &Arc<dyn ScanStore>,
        options: SessionOptions,
    ) -> Result<NexusSessionWriter, IllegalTransition> {
        let name = options.session.as_deref().unwrap_or("all sessions");
        let group = group(&options);
        let subscriber = Subscriber::new(name);
        let records = options.records;
        let changed = records.clone();
        subscriber.observe(move || changed.notify());
        let notices = NoticeSender(options.notices);
        if let Some(session) = &options.session {
            // Its counts exist before they grow: otherwise the first failure would look like an old one.
            writer_thread.observation().sessions.session(session);
        }
        let directories = Arc::<ScanDirectories>::default();
        let watch = SessionWatch {
            store: store.clone(),
            subscriber: subscriber.clone(),
            writer_thread: writer_thread.clone(),
            checks: options.checks,
            directories: directories.clone(),
            required: options.save.space.required,
        };
        // The list is for those who look at the scans of the process.
        let inspection = writer_thread
            .inspection()
            .filter(|_| writer_thread.observation().scans.is_read());
        let earlier = inspection.map(|program| EarlierScans {
            store: store.clone(),
            session: options.session.clone(),
            writer: options.writer.clone(),
            observation: writer_thread.observation().clone(),
            inspector: Inspector::new(Some(program)),
            subscriber: subscriber.clone(),
        });
        let listener = SessionListener {
            store: store.clone(),
            group,
            only_new: options.only_new,
            notices: notices.clone(),
        };
        let scans = SessionConsumer {
            writer_thread: writer_thread.clone(),
            store: store.clone(),
            session: options.session,
            writer: options.writer,
            save: options.save,
            running: Arc::default(),
            stop_requested: subscriber.stopping().clone(),
            stopping: Event::new(),
            membership: None,
            directories,
            subscriber: subscriber.clone(),
            records: records.clone(),
            notices,
        };
        subscriber.start(Mode::Sequential, listener, move || scans)?;
        hub::spawn(watch.run()).detach();
        if let Some(earlier) = earlier {
            hub::spawn(earlier.list()).detach();
        }
        Ok(NexusSessionWriter {
            subscriber,
            records,
        })
    }

    /// Returns the subscriber, which has the state of the writer and can stop it.
    ///
    /// A writer that stops takes no new scan, and saves what Redis has of the running ones.
    pub fn subscriber(&self) -> &Subscriber {
        &self.subscriber
    }

    /// Returns the records of the scans. They also report changes of state of the subscriber.
    pub fn records(&self) -> &ScanRecords {
        &self.records
    }
}

/// Returns the name of the group of writers that share scans: those of the same session and kind.
fn group(options: &SessionOptions) -> String {
    let session = options.session.as_deref().unwrap_or("*");
    let writer = match &options.writer {
        DataWriterFilter::Any => "*",
        DataWriterFilter::Named(name) => name,
    };
    format!("nexus-writer:{session}:{writer}")
}
