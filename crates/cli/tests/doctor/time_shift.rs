//! A Redis server with another time.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use redis_client::{Endpoint, RedisUrl};

/// What the reply to `TIME` begins with, and no other short one: two texts, the first with the ten digits of seconds.
const TIME_REPLY: &[u8] = b"*2\r\n$10\r\n";

/// Digits of the seconds.
const DIGITS: usize = 10;

/// Passes everything on between clients and a server, but shifts the reply to `TIME`. It ends with the process.
pub struct TimeShift {
    url: String,
}

impl TimeShift {
    /// Starts to listen on a free port. The time that clients see is so many seconds ahead.
    pub fn start(server: &RedisUrl, seconds: i64) -> TimeShift {
        let Endpoint::Tcp { host, port } = server.endpoint() else {
            panic!("{server} has no port");
        };
        let (host, port) = (host.clone(), *port);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect((host.as_str(), port)).unwrap();
                let (questions, answers) = (client.try_clone(), server.try_clone());
                let (questions, answers) = (questions.unwrap(), answers.unwrap());
                // Both end when one of the connections does.
                thread::spawn(move || pass_on(questions, server, |_| {}).ok());
                let shifted = move |reply: &mut [u8]| shift(reply, seconds);
                thread::spawn(move || pass_on(answers, client, shifted).ok());
            }
        });
        TimeShift { url }
    }

    /// Returns the URL for clients.
    pub fn url(&self) -> &str {
        &self.url
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, change: impl Fn(&mut [u8])) -> io::Result<()> {
    let mut bytes = vec![0; 1 << 16];
    loop {
        let length = from.read(&mut bytes)?;
        if length == 0 {
            return to.shutdown(Shutdown::Write);
        }
        change(&mut bytes[..length]);
        to.write_all(&bytes[..length])?;
    }
}

fn shift(reply: &mut [u8], seconds: i64) {
    let begin = TIME_REPLY.len();
    if !reply.starts_with(TIME_REPLY) || reply.len() < begin + DIGITS {
        return;
    }
    let digits = &mut reply[begin..begin + DIGITS];
    let time: i64 = std::str::from_utf8(digits).unwrap().parse().unwrap();
    digits.copy_from_slice((time + seconds).to_string().as_bytes());
}
