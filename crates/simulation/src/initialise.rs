//! Making an empty Redis database a data store.
//!
//! This is what the Beacon server of BLISS does when it starts. Everything is as blissdata 2.4.5
//! leaves it, so that its programs work with a store that we made: the search index, the hash
//! and the text of its schema (which the ORM library compares when someone migrates), the
//! function that seals streams, and last the protocol version, whose presence means "ready".

use blissdata::store::{DataStore, PROTOCOL_VERSION, PROTOCOL_VERSION_KEY};
use redis_client::{Command, Connection, RedisError, Value};

const INDEX: &str = "esrf:scan:index";
/// Indexed members of a scan document, and whether they are numbers.
const FIELDS: [(&str, &str, bool); 11] = [
    ("$.pk", "pk", false),
    ("$.id.pk", "id_pk", false),
    ("$.id.name", "id_name", false),
    ("$.id.number", "id_number", true),
    ("$.id.data_policy", "id_data_policy", false),
    ("$.id.session", "id_session", false),
    ("$.id.proposal", "id_proposal", false),
    ("$.id.collection", "id_collection", false),
    ("$.id.dataset", "id_dataset", false),
    ("$.id.path", "id_path", false),
    ("$.state_stream.pk", "state_stream_pk", false),
];
/// SHA-1 of [`schema`].
const SCHEMA_HASH: &str = "53f88e5eee38ba1d63a533c6e3e2927beed34a08";

/// How many words a search like `{00*}` may stand for.
const PREFIX_EXPANSIONS: u32 = 2000;

/// Adds the last entry to a stream, whose ID nothing can follow: `FCALL seal_stream 1 <key>`
/// answers the number of points. The name of the library is that of blissdata's own, as two
/// libraries cannot have the same function.
const SEAL_LIBRARY: &str = r"#!lua name=mylib
local END_ID = '18446744073709551615-18446744073709551615'
redis.register_function('seal_stream', function(keys, args)
  local key = keys[1]
  local last = redis.call('XREVRANGE', key, '+', '-', 'COUNT', '1')
  local total = 0
  if #last > 0 then
    local id, fields = last[1][1], last[1][2]
    if id == END_ID then
      return redis.error_reply('ERR ' .. key .. ' is already sealed.')
    end
    local points = 1
    for i = 1, #fields, 2 do
      if fields[i] == 'len' then points = tonumber(fields[i + 1]) end
    end
    total = tonumber(string.match(id, '^(%d+)')) + points
  end
  redis.call('XADD', key, END_ID, 'id', string.format('%.0f', total))
  return total
end)
";

/// Why a database was not made a data store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitialiseError {
    /// Redis does not answer, or not as expected.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// A database that holds something is not initialised over it.
    #[error("{server} is not empty ({keys} keys): it is not initialised")]
    NotEmpty {
        /// The server.
        server: String,
        /// Number of keys.
        keys: i64,
    },
    /// The server lacks what blissdata programs rely on.
    #[error("{server} has no redis module {module:?}, blissdata needs it")]
    NoModule {
        /// The server.
        server: String,
        /// Name of the module, as in `MODULE LIST`.
        module: &'static str,
    },
}

/// Makes the empty database a data store for blissdata programs.
///
/// # Errors
/// [`InitialiseError::NotEmpty`] if there are keys in it, [`InitialiseError::NoModule`] if the server lacks
/// the JSON or the search module.
pub async fn initialise(store: &DataStore) -> Result<(), InitialiseError> {
    let mut connection = store.open().await?;
    let server = connection.server().to_owned();
    let keys = connection
        .call(&Command::new("DBSIZE"))
        .await?
        .as_int()
        .unwrap_or(-1);
    if keys != 0 {
        return Err(InitialiseError::NotEmpty { server, keys });
    }
    let modules = connection.call(&Command::new("MODULE LIST")).await?;
    for module in ["ReJSON", "search"] {
        if !has_module(&modules, module) {
            return Err(InitialiseError::NoModule { server, module });
        }
    }
    create_index(&mut connection).await?;
    for (key, value) in [("hash", SCHEMA_HASH.to_owned()), ("schema", schema())] {
        let set = Command::new("SET").arg(format!("{INDEX}:{key}")).arg(value);
        connection.call(&set).await?;
    }
    raise_prefix_expansions(&mut connection).await?;
    let load = Command::new("FUNCTION LOAD REPLACE").arg(SEAL_LIBRARY);
    connection.call(&load).await?;
    let version = Command::new("SET").arg(PROTOCOL_VERSION_KEY);
    connection.call(&version.arg(PROTOCOL_VERSION)).await?;
    tracing::info!(server, "data store initialised");
    Ok(())
}

async fn create_index(connection: &mut Connection) -> Result<(), RedisError> {
    match connection.call(&Command::new("FT.INFO").arg(INDEX)).await {
        Ok(_) => return Ok(()),
        Err(RedisError::Server { .. }) => {}
        Err(error) => return Err(error),
    }
    let mut create = Command::new("FT.CREATE").arg(INDEX).arg("ON").arg("JSON");
    create = create.args(["PREFIX", "1", "esrf:scan:", "SCHEMA"]);
    for (path, name, is_number) in FIELDS {
        create = create.args([path, "AS", name]);
        create = match is_number {
            true => create.arg("NUMERIC"),
            false => create.args(["TAG", "SEPARATOR", "|"]),
        };
    }
    connection.call(&create).await.map(drop)
}

async fn raise_prefix_expansions(connection: &mut Connection) -> Result<(), RedisError> {
    let set = Command::new("CONFIG SET").arg("search-max-prefix-expansions");
    match connection.call(&set.arg(PREFIX_EXPANSIONS)).await {
        // A search module older than Redis 8 has its own way.
        Err(RedisError::Server { .. }) => {
            let set = Command::new("FT.CONFIG").args(["SET", "MAXPREFIXEXPANSIONS"]);
            connection.call(&set.arg(PREFIX_EXPANSIONS)).await.map(drop)
        }
        outcome => outcome.map(drop),
    }
}

fn has_module(list: &Value, name: &str) -> bool {
    let modules = list.as_array().unwrap_or_default();
    modules.iter().filter_map(Value::as_array).any(|fields| {
        let mut pairs = fields.chunks_exact(2);
        pairs.any(|pair| pair[0].as_str() == Some("name") && pair[1].as_str() == Some(name))
    })
}

/// The schema as the ORM library writes it down, with its two spaces before the state stream.
fn schema() -> String {
    let mut text = String::from("ON JSON PREFIX 1 esrf:scan: SCHEMA ");
    for (path, name, is_number) in FIELDS {
        let embedded = if name == "state_stream_pk" { " " } else { "" };
        let kind = if is_number {
            "NUMERIC"
        } else {
            "TAG SEPARATOR |"
        };
        text += &format!("{embedded}{path} AS {name} {kind} ");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schema_is_that_of_the_orm_library() {
        assert_eq!(schema().len(), 487);
    }
}
