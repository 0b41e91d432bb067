//! A Beacon that knows where Redis is, and nothing else.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

/// The question for Redis: type 32, the length of the content, the content.
const QUESTION: &[u8] = b"\x20\0\0\0\x02\0\0\x001|";
/// The type of an answer.
const ANSWER: i32 = 34;

/// Answers questions for the Redis behind a Unix socket until the test ends. Returns the address.
pub fn serve(socket: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let content = format!("1|localhost|{socket}");
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut question = [0; QUESTION.len()];
            // A client that goes without a question was only looking whether somebody listens.
            if client.read_exact(&mut question).is_ok() {
                assert_eq!(question, QUESTION);
                let length = i32::try_from(content.len()).unwrap();
                let head = [ANSWER.to_le_bytes(), length.to_le_bytes()].concat();
                client.write_all(&head).unwrap();
                client.write_all(content.as_bytes()).unwrap();
            }
        }
    });
    address
}
