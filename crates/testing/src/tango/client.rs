//! PyTango in a process of its own, which executes the requests of a test.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::python::python;
use crate::tango::{TangoDevice, TangoError};

/// The limit of each request, which exceeds all timeouts of Tango.
const REPLY_TIMEOUT: Duration = Duration::from_secs(120);

/// A client of Tango devices that uses PyTango. Clones share one process, in which requests of several
/// threads do not wait for each other. See `python/tango_client.py`.
#[derive(Clone)]
pub struct TangoClient {
    inner: Arc<Inner>,
}

struct Inner {
    child: Mutex<Child>,
    requests: Mutex<ChildStdin>,
    pending: Arc<Mutex<PendingReplies>>,
    next: AtomicU64,
}

type PendingReplies = HashMap<u64, Sender<Reply>>;

#[derive(Deserialize)]
struct Reply {
    id: u64,
    #[serde(default)]
    value: Json,
    error: Option<TangoError>,
}

impl TangoClient {
    /// Starts a client with this `TANGO_HOST`.
    pub fn start(host: &str) -> TangoClient {
        let mut command = python();
        command
            .arg("tango_client.py")
            .env("TANGO_HOST", host)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let requests = child.stdin.take().unwrap();
        let replies = child.stdout.take().unwrap();
        let pending = Arc::default();
        let receivers = Arc::clone(&pending);
        thread::spawn(move || deliver(replies, &receivers));
        TangoClient {
            inner: Arc::new(Inner {
                child: Mutex::new(child),
                requests: Mutex::new(requests),
                pending,
                next: AtomicU64::new(0),
            }),
        }
    }

    /// Returns a handle of the device of this name, which need not exist.
    pub fn device(&self, name: &str) -> TangoDevice {
        TangoDevice::new(self.clone(), name)
    }

    /// Returns the names of the devices of a class in the database.
    pub fn devices(&self, class: &str) -> Result<Vec<String>, TangoError> {
        let names = self.request(json!({"do": "devices", "name": class}))?;
        Ok(serde_json::from_value(names).unwrap())
    }

    /// Sends a request and waits for its reply.
    pub(crate) fn request(&self, mut request: Json) -> Result<Json, TangoError> {
        let id = self.inner.next.fetch_add(1, Ordering::Relaxed);
        request["id"] = id.into();
        let (sender, answer) = channel();
        self.inner.pending.lock().unwrap().insert(id, sender);
        let line = format!("{request}\n");
        self.inner
            .requests
            .lock()
            .unwrap()
            .write_all(line.as_bytes())
            .unwrap();
        let reply = answer.recv_timeout(REPLY_TIMEOUT);
        let reply = reply.unwrap_or_else(|_| panic!("the client does not answer {request}"));
        match reply.error {
            None => Ok(reply.value),
            Some(error) => Err(error),
        }
    }
}

fn deliver(replies: ChildStdout, pending: &Mutex<PendingReplies>) {
    for line in BufReader::new(replies).lines().map_while(Result::ok) {
        // cppTango prints to standard output as well.
        let Ok(reply) = serde_json::from_str::<Reply>(&line) else {
            eprintln!("{line}");
            continue;
        };
        if let Some(sender) = pending.lock().unwrap().remove(&reply.id) {
            // The send fails if the test has failed meanwhile and does not wait.
            sender.send(reply).ok();
        }
    }
    // Waiting requests fail, as there will be no more replies.
    pending.lock().unwrap().clear();
}

impl Drop for Inner {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap();
        // Both fail if the process has ended, which needs no action.
        if child.kill().is_ok() {
            child.wait().ok();
        }
    }
}
