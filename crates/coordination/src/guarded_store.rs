//! Writing into a Redis only if it is what we take it for.

use std::error::Error;
use std::fmt;

use redis_client::{Command, RedisError, SharedConnection, Value};

use crate::file_claim::ReleaseQueue;

/// The reply to a script whose condition does not hold.
const REFUSAL: &str = "UNINITIALISED";

/// The body of a script that runs the command in its arguments.
const RUN: &str = "return redis.call(unpack(ARGV, 2))";

/// An error of a store.
pub trait StoreFailure: Error + From<RedisError> + Send + Sync + 'static {
    /// Returns `true` if waiting does not help.
    fn is_final(&self) -> bool;

    /// Returns `true` if a store is like that whenever nobody has used it yet, so that users need not be told.
    fn is_usual(&self) -> bool {
        false
    }

    /// Returns what Redis said, if that is the cause.
    fn redis(&self) -> Option<&RedisError>;
}

/// A Redis server into which something may be written only under a condition. A handle that is cheap to clone.
///
/// Other programs may take the server for empty, or for something else than we do, as long as the condition does not
/// hold. What is not created but only changed or removed needs no condition.
pub trait GuardedStore: Clone + fmt::Debug + Send + Sync + 'static {
    /// Why the store cannot be used.
    type Error: StoreFailure;

    /// Returns the connection for short questions.
    fn connection(&self) -> &SharedConnection;

    /// Returns the claims of files that wait to be released over this connection.
    fn release_queue(&self) -> &ReleaseQueue;

    /// Sends once the script that `script` makes with the guard of this store.
    ///
    /// # Errors
    /// If the condition does not hold, the server cannot be asked, or it refuses.
    fn call_guarded(
        &self,
        script: impl Fn(&WriteGuard) -> Command + Send + Sync,
    ) -> impl Future<Output = Result<Value, Self::Error>> + Send;

    /// Sends once a command that creates or changes keys.
    ///
    /// # Errors
    /// As for [`call_guarded`](Self::call_guarded).
    fn write(&self, command: &Command) -> impl Future<Output = Result<Value, Self::Error>> + Send {
        self.call_guarded(|guard| guard.script(RUN, &[]).wrapping(command))
    }
}

/// The condition under which a script may write.
///
/// Redis runs a script as one step. What was asked before could be out of date, because the server may lose its data at
/// any time.
#[derive(Debug, Clone)]
pub struct WriteGuard {
    refuse_if: &'static str,
    key: String,
    argument: String,
}

impl WriteGuard {
    /// Creates a guard that refuses if the expression in Lua is true. `KEYS[1]` is the key in it, and `ARGV[1]` the
    /// argument.
    pub fn new(refuse_if: &'static str, key: &str, argument: &str) -> WriteGuard {
        WriteGuard {
            refuse_if,
            key: key.to_owned(),
            argument: argument.to_owned(),
        }
    }

    /// Returns the first words of a command that runs a script if the guard allows it. In the script, `keys` begin with
    /// `KEYS[2]`, and the arguments that are added to the command with `ARGV[2]`.
    pub fn script(&self, body: &str, keys: &[&str]) -> Command {
        let refuse_if = self.refuse_if;
        let script =
            format!("if {refuse_if} then return redis.error_reply('{REFUSAL}') end {body}");
        Command::new("EVAL")
            .arg(script)
            .arg(keys.len() + 1)
            .arg(&self.key)
            .args(keys)
            .arg(&self.argument)
    }

    /// Returns `true` if the guard has refused: nothing was written.
    pub fn has_refused(error: &RedisError) -> bool {
        let error = error.server_error();
        error.is_some_and(|error| error.text().contains(REFUSAL))
    }
}
