//! What several of these tests need.

use redis_client::{Command, Connection, RedisUrl, Value};

/// Asks the server of `url` on a connection of its own.
pub async fn ask(url: &RedisUrl, command: &str) -> Value {
    let mut words = command.split(' ');
    let command = Command::new(words.next().unwrap()).args(words);
    let mut connection = Connection::open(url).await.unwrap();
    connection.call(&command).await.unwrap()
}
