//! [`NexusSessionWriter`]: saves the scans of a session as they appear.

mod consumer;
mod listener;

use std::sync::Arc;

use hub::{Event, Queue};

use crate::options::{DataWriter, SaveOptions};
use crate::records::Records;
use crate::report::ScanReport;
use crate::scan::NexusScanWriter;
use crate::source::ScanStore;
use crate::subscriber::{IllegalTransition, Mode, Subscriber};
use crate::writer_thread::WriterThread;
use consumer::SessionConsumer;
use listener::SessionListener;

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
    /// Whether scans that were created while there was no writer are left alone.
    pub only_new: bool,
    /// Where to note what becomes of the scans, for whoever asks. May outlive the session writer, and
    /// go on to the next one.
    pub records: Records,
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

/// Sends notices to an observer, if there is one.
#[derive(Clone)]
struct NoticeSender(Option<Queue<Notice>>);

impl NoticeSender {
    /// Waits until the observer has room for the notice. A queue that is closed has no observer any
    /// more, so nobody misses the notice.
    async fn send(&self, notice: Notice) {
        if let Some(notices) = &self.0
            && notices.put(notice, 1).await.is_err()
        {
            tracing::trace!("nobody observes the session any more");
        }
    }
}

/// A subscriber in sequential mode: a greenlet of this thread follows the history of scans and
/// starts a [`NexusScanWriter`] for each that is ours.
///
/// Redis remembers which scans are done, for each session and kind of writer: scans that were created
/// while there was no writer are saved by the next one, and those that a dead one left are continued.
/// Several writers of one kind share the scans.
pub struct NexusSessionWriter {
    subscriber: Subscriber,
    records: Records,
}

impl NexusSessionWriter {
    /// Starts to follow the scans of `store` that appear from now on, and those that the last writer
    /// of this kind left or missed.
    pub fn start(
        writer_thread: &Arc<WriterThread>,
        store: &Arc<dyn ScanStore>,
        options: SessionOptions,
    ) -> Result<NexusSessionWriter, IllegalTransition> {
        let name = options.session.as_deref().unwrap_or("all sessions");
        let group = group(&options);
        let subscriber = Subscriber::new(name);
        let records = options.records;
        let told = records.clone();
        subscriber.observe(move || told.touch());
        let notices = NoticeSender(options.notices);
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
            ended: Event::new(),
            stopping: Event::new(),
            membership: None,
            records: records.clone(),
            notices,
        };
        subscriber.start(Mode::Sequential, listener, move || scans)?;
        Ok(NexusSessionWriter {
            subscriber,
            records,
        })
    }

    /// The subscriber: its state, and the means to stop it.
    ///
    /// A stop takes no new scan, and saves what Redis has of those that run.
    pub fn subscriber(&self) -> &Subscriber {
        &self.subscriber
    }

    /// What became of the scans; tells of changes of the subscriber, too.
    pub fn records(&self) -> &Records {
        &self.records
    }
}

/// The writers that share scans: those of the same session that take the same ones.
fn group(options: &SessionOptions) -> String {
    let session = options.session.as_deref().unwrap_or("*");
    let writer = match &options.writer {
        DataWriter::Any => "*",
        DataWriter::Named(name) => name,
    };
    format!("nexus-writer:{session}:{writer}")
}
