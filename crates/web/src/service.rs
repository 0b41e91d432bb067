//! The thread of the service.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use observation::Observation;
use rustix::process::setpriority_process;
use rustix::thread::gettid;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tracing::{debug, error, info};

use crate::error::WebError;
use crate::options::WebOptions;
use crate::routes;
use crate::state::WebState;
use crate::systemd::Supervised;
use crate::url_file::UrlFile;
use crate::{api, connections, live, metrics};

/// How much the thread gives way to the others.
const NICENESS: i32 = 5;

/// The thread that answers HTTP requests and tells systemd how the process is. It ends when this is dropped.
pub struct WebService {
    address: Option<SocketAddr>,
    _url_file: Option<UrlFile>,
    thread: Option<ServiceThread>,
}

struct ServiceThread {
    /// Dropped to end the thread.
    end: Option<oneshot::Sender<()>>,
    handle: Option<JoinHandle<()>>,
}

/// What the thread does.
struct Work {
    http: Option<(TcpListener, Arc<WebState>)>,
    systemd: Option<Supervised>,
}

impl WebService {
    /// Listens, and starts the thread. There is none if there is nothing to listen to and no systemd to tell.
    ///
    /// # Errors
    /// If the address cannot be used, other computers could ask without a token, or the system has no resources left.
    pub fn start(
        options: WebOptions,
        observation: &Arc<Observation>,
    ) -> Result<WebService, WebError> {
        let listener = options.listen.bind()?;
        let address = match &listener {
            Some(listener) => Some(listener.local_addr().map_err(WebError::Thread)?),
            None => None,
        };
        if let Some(address) = address
            && !address.ip().is_loopback()
            && !options.access.has_token()
        {
            return Err(WebError::NoToken { address });
        }
        // Nobody can ask for data if nothing listens.
        let memory = address.map_or(0, |_| options.live.memory_of_channels());
        observation.scans.memory.set_limit(memory);
        let http = listener.zip(address).map(|(listener, address)| {
            let state = WebState::new(observation, options, address);
            (listener, Arc::new(state))
        });
        let work = Work {
            http,
            systemd: Supervised::new(observation),
        };
        let thread = match work.http.is_some() || work.systemd.is_some() {
            true => Some(ServiceThread::start(work).map_err(WebError::Thread)?),
            false => None,
        };
        if let Some(address) = address {
            observation.scans.set_read();
            info!("metrics: http://{address}/metrics, health: http://{address}/readyz");
        }
        Ok(WebService {
            address,
            _url_file: address.and_then(UrlFile::write),
            thread,
        })
    }

    /// Returns where the service listens, if it does.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Returns `true` if the service has a thread.
    pub fn has_thread(&self) -> bool {
        self.thread.is_some()
    }
}

impl ServiceThread {
    fn start(work: Work) -> io::Result<ServiceThread> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (end, ended) = oneshot::channel();
        let handle = thread::Builder::new()
            .name("web".to_owned())
            .spawn(move || run(runtime, work, ended))?;
        Ok(ServiceThread {
            end: Some(end),
            handle: Some(handle),
        })
    }
}

impl Drop for ServiceThread {
    fn drop(&mut self) {
        drop(self.end.take());
        let joined = self.handle.take().map(JoinHandle::join);
        if let Some(Err(_)) = joined {
            error!("the thread for HTTP and systemd has panicked");
        }
    }
}

fn run(runtime: Runtime, mut work: Work, ended: oneshot::Receiver<()>) {
    // Only this thread gives way: Linux has a priority for each.
    if let Err(error) = setpriority_process(Some(gettid()), NICENESS) {
        debug!("the priority of the thread is as it was: {error}");
    }
    runtime.block_on(async {
        let http = async {
            if let Some((listener, state)) = work.http
                && let Err(error) = serve(listener, state).await
            {
                error!("HTTP requests are not answered: {error}");
            }
            std::future::pending().await
        };
        let systemd = async {
            if let Some(systemd) = &mut work.systemd {
                systemd.run().await;
            }
            std::future::pending().await
        };
        tokio::select! {
            _ = ended => {}
            () = http => {}
            () = systemd => {}
        }
    });
    if let Some(systemd) = &mut work.systemd {
        // A process may end sooner than something is told otherwise.
        systemd.tell();
    }
    // Connections that are still open must not delay the end of the process.
    runtime.shutdown_background();
}

async fn serve(listener: TcpListener, state: Arc<WebState>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let router = routes::router(state.clone());
    tokio::select! {
        () = connections::serve(listener, router) => {}
        () = metrics::end_unused_watch(&state.watch) => {}
        () = api::publish(&state) => {}
        () = live::take_points(&state.live, &state.observation.scans) => {}
    }
    Ok(())
}
