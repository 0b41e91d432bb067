//! A server that answers as Beacon does.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use redis_client::{Endpoint, RedisUrl};

/// Questions and answers of Beacon's protocol: where the data store is, and where the settings are.
const DATA_QUERY: i32 = 32;
const DATA: i32 = 34;
const SETTINGS_QUERY: i32 = 30;
const SETTINGS: i32 = 31;

/// A server that tells clients where Redis is, as the Beacon server of BLISS does. It ends with the process.
#[derive(Debug)]
pub struct BeaconServer {
    host: String,
}

impl BeaconServer {
    /// Starts a server on a free port that tells these servers: one for data, one for settings.
    pub fn start(data: &RedisUrl, settings: &RedisUrl) -> BeaconServer {
        let (host, place) = address(data);
        let data = format!("1|{host}|{place}").into_bytes();
        let (host, place) = address(settings);
        let settings = format!("{host}:{place}").into_bytes();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // A client goes when it has its answer.
                answer(client, &data, &settings).ok();
            }
        });
        BeaconServer { host }
    }

    /// Returns the value of `BEACON_HOST` for its clients.
    pub fn host(&self) -> &str {
        &self.host
    }
}

fn address(url: &RedisUrl) -> (String, String) {
    match url.endpoint() {
        Endpoint::Tcp { host, port } => (host.clone(), port.to_string()),
        Endpoint::Unix(path) => ("localhost".to_owned(), path.display().to_string()),
        other => panic!("Beacon cannot tell {other:?}"),
    }
}

fn answer(mut client: TcpStream, data: &[u8], settings: &[u8]) -> io::Result<()> {
    loop {
        let mut head = [[0; 4]; 2];
        client.read_exact(head.as_flattened_mut())?;
        let [kind, length] = head.map(i32::from_le_bytes);
        let mut content = vec![0; usize::try_from(length).unwrap()];
        client.read_exact(&mut content)?;
        let (kind, content) = match kind {
            DATA_QUERY => (DATA, data),
            SETTINGS_QUERY => (SETTINGS, settings),
            // What Beacon does not know it sends back.
            _ => (-1, content.as_slice()),
        };
        let length = i32::try_from(content.len()).unwrap();
        let head = [kind, length].map(i32::to_le_bytes);
        client.write_all(&[head.as_flattened(), content].concat())?;
    }
}
