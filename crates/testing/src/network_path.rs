//! A network between a program and a Redis server, with a delay, losses and interruptions.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use redis_client::RedisUrl;
use simulation::redis::PrivateRedis;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

/// How long TCP waits before it sends a lost packet again.
const RETRANSMISSION_TIME: Duration = Duration::from_millis(200);

/// A way to a server on which all bytes need some time. It lives in a thread of its own, so that it works
/// while a test blocks, and ends when it is dropped.
pub struct NetworkPath {
    url: RedisUrl,
    is_cut: Arc<watch::Sender<bool>>,
    _end: oneshot::Sender<()>,
}

impl NetworkPath {
    /// Creates a path to a server. Bytes need `delay` in each direction, and that of one packet in `loss_period`
    /// is lost and sent again (0: none is lost).
    pub fn to(server: &PrivateRedis, delay: Duration, loss_period: u32) -> NetworkPath {
        let (is_cut, cut) = watch::channel(false);
        let (end, ended) = oneshot::channel();
        let (port_sender, port) = std::sync::mpsc::channel();
        let socket = server.directory().join("redis.sock");
        let conditions = Conditions {
            delay,
            loss_period,
            cut,
        };
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                port_sender
                    .send(listener.local_addr().unwrap().port())
                    .unwrap();
                let serve = async {
                    loop {
                        let (client, _) = listener.accept().await.unwrap();
                        client.set_nodelay(true).unwrap();
                        let Ok(server) = UnixStream::connect(&socket).await else {
                            continue;
                        };
                        let (client_reads, client_writes) = client.into_split();
                        let (server_reads, server_writes) = server.into_split();
                        carry(client_reads, server_writes, conditions.clone());
                        carry(server_reads, client_writes, conditions.clone());
                    }
                };
                tokio::select! {
                    () = serve => {}
                    _ = ended => {}
                }
            });
        });
        let url = format!("redis://127.0.0.1:{}", port.recv().unwrap());
        NetworkPath {
            url: url.parse().unwrap(),
            is_cut: Arc::new(is_cut),
            _end: end,
        }
    }

    /// Returns the address of the server at this end of the path.
    pub fn url(&self) -> RedisUrl {
        self.url.clone()
    }

    /// Lets nothing through from now on. Connections stay open, as when a cable is unplugged.
    pub fn cut(&self) {
        self.is_cut.send_replace(true);
    }

    /// Lets everything through again, also what was sent in the meantime.
    pub fn mend(&self) {
        self.is_cut.send_replace(false);
    }
}

#[derive(Clone)]
struct Conditions {
    delay: Duration,
    loss_period: u32,
    cut: watch::Receiver<bool>,
}

/// Carries bytes in one direction until one end is closed.
fn carry(
    mut source: impl AsyncRead + Unpin + 'static + Send,
    mut target: impl AsyncWrite + Unpin + 'static + Send,
    mut conditions: Conditions,
) {
    let (sender, mut packets) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let (delay, loss_period) = (conditions.delay, conditions.loss_period);
    tokio::spawn(async move {
        let mut number = 0u32;
        loop {
            let mut bytes = vec![0; 1400];
            let Ok(read @ 1..) = source.read(&mut bytes).await else {
                break;
            };
            bytes.truncate(read);
            number += 1;
            let is_lost = loss_period > 0 && number.is_multiple_of(loss_period);
            let due = Instant::now() + delay + RETRANSMISSION_TIME * u32::from(is_lost);
            if sender.send((due, bytes)).is_err() {
                break;
            }
        }
    });
    tokio::spawn(async move {
        while let Some((due, bytes)) = packets.recv().await {
            // Packets that follow a lost one wait for it, because TCP keeps the order.
            sleep_until(due).await;
            if conditions.cut.wait_for(|is_cut| !is_cut).await.is_err()
                || target.write_all(&bytes).await.is_err()
            {
                break;
            }
        }
        target.shutdown().await.ok();
    });
}
