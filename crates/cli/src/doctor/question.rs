//! Questions to a Redis server.

use redis_client::{Command, Connection, RedisError, RedisUrl, ServerError, Value};

use super::limit::TimeLimit;

/// Sends commands to a server at once, on a connection of its own. Returns the reply to each of them.
///
/// # Errors
/// If the server cannot be reached, refuses, or does not answer in time.
pub async fn ask(
    limit: TimeLimit,
    url: &RedisUrl,
    commands: &[Command],
) -> Result<Vec<Result<Value, ServerError>>, RedisError> {
    let asked = async {
        let mut connection = Connection::open(url).await?;
        connection.pipeline(commands).await
    };
    let answered = limit.within(asked).await;
    answered.unwrap_or_else(|| {
        Err(RedisError::Timeout {
            server: url.to_string(),
            waited: limit.0,
        })
    })
}

/// Sends one command. Returns its reply.
///
/// # Errors
/// As for [`ask`], and if the reply is an error.
pub async fn ask_one(
    limit: TimeLimit,
    url: &RedisUrl,
    command: Command,
) -> Result<Value, RedisError> {
    let name = command.name().to_owned();
    let replies = ask(limit, url, &[command]).await?;
    match replies.into_iter().next() {
        Some(Ok(reply)) => Ok(reply),
        Some(Err(source)) => Err(RedisError::Server {
            server: url.to_string(),
            command: name,
            source,
        }),
        None => Ok(Value::Nil),
    }
}

/// Returns a field of the reply to `INFO`.
pub fn info_field<'a>(reply: &'a Value, name: &str) -> Option<&'a str> {
    let mut lines = reply.as_str()?.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    value.map(str::trim)
}
