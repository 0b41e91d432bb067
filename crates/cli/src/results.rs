//! Standard output, which has the results of commands.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use hub::Event;
use tracing::warn;

use crate::signals::Interrupts;

/// How long a command that was told to stop waits until its results are printed.
const STOP_TIME: Duration = Duration::from_secs(2);

/// Prints a text, and waits until it is taken. A reader that has gone is no error: one such as `head` may have seen
/// enough.
///
/// # Errors
/// If the text cannot be written for another reason, for example because a disk is full.
pub fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    match output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
    {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

/// Prints the results of a command that goes on meanwhile: in a thread of its own, because the reader of a pipe may
/// take its time. Results are never dropped while there is a reader.
pub struct Printer {
    texts: Sender<String>,
    ended: Event,
}

impl Printer {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system cannot start a thread.
    pub fn start() -> io::Result<Printer> {
        let (texts, received) = channel();
        let ended = Event::new();
        let sender = ended.clone();
        thread::Builder::new()
            .name("results".to_owned())
            .spawn(move || {
                print_all(&received);
                sender.send();
            })?;
        Ok(Printer { texts, ended })
    }

    /// Prints a text some time. Never waits.
    pub fn print(&self, text: impl Into<String>) {
        if self.texts.send(text.into()).is_err() {
            // Nothing can be printed any more, which has been logged.
        }
    }

    /// Waits until everything is printed. After a signal it does so only for a short time.
    pub async fn finish(self, interrupts: &Interrupts) {
        let Printer { texts, ended } = self;
        drop(texts);
        let stopped = async {
            interrupts.stop_requested.wait().await;
            tokio::time::sleep(STOP_TIME).await;
        };
        tokio::select! {
            () = ended.wait() => {}
            () = stopped => warn!("the last results are not printed: nobody reads them"),
        }
    }
}

fn print_all(texts: &Receiver<String>) {
    for text in texts {
        if let Err(error) = print(&text) {
            warn!("cannot print the results: {error}");
            return;
        }
    }
}
