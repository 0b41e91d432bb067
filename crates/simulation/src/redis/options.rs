//! How a private server is set up.

use std::path::{Path, PathBuf};

pub(super) const SOCKET: &str = "redis.sock";
pub(super) const LOG: &str = "redis.log";

/// Which modules a private server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RedisModules {
    /// JSON and search, without which it cannot be a data store.
    #[default]
    Needed,
    /// None.
    None,
}

/// How a private server is set up. By default it has the modules, a Unix socket and no limits,
/// and lets everyone in who can open the socket, which is only its owner.
#[derive(Clone, Default)]
pub struct RedisOptions {
    pub(super) modules: RedisModules,
    pub(super) port: Option<u16>,
    pub(super) password: Option<String>,
    pub(super) users: Vec<User>,
    pub(super) maxmemory: Option<u64>,
}

#[derive(Clone)]
pub(super) struct User {
    name: String,
    password: String,
    rules: String,
}

impl RedisOptions {
    /// The default set-up.
    pub fn new() -> RedisOptions {
        RedisOptions::default()
    }

    /// With these modules.
    #[must_use]
    pub fn modules(mut self, modules: RedisModules) -> RedisOptions {
        self.modules = modules;
        self
    }

    /// Also listens on a TCP port of the local machine; 0 takes one that is free.
    #[must_use]
    pub fn port(mut self, port: u16) -> RedisOptions {
        self.port = Some(port);
        self
    }

    /// The default user must give this password.
    #[must_use]
    pub fn password(mut self, password: &str) -> RedisOptions {
        self.password = Some(password.to_owned());
        self
    }

    /// Adds a user with access rules as in `ACL SETUSER`, e.g. `~* +@all`.
    #[must_use]
    pub fn user(mut self, name: &str, password: &str, rules: &str) -> RedisOptions {
        self.users.push(User {
            name: name.to_owned(),
            password: password.to_owned(),
            rules: rules.to_owned(),
        });
        self
    }

    /// Refuses to hold more than this many bytes, as the stock BLISS server does at 1 GB.
    #[must_use]
    pub fn maxmemory(mut self, bytes: u64) -> RedisOptions {
        self.maxmemory = Some(bytes);
        self
    }

    /// The configuration file. Passwords go in there, because everyone can see a command line.
    pub(super) fn configuration(
        &self,
        directory: &Path,
        port: Option<u16>,
        modules: &[PathBuf],
    ) -> String {
        let path = |path: &Path| quoted(&path.to_string_lossy());
        let mut lines = vec![
            format!("dir {}", path(directory)),
            format!("logfile {}", path(&directory.join(LOG))),
            format!("unixsocket {}", path(&directory.join(SOCKET))),
            "unixsocketperm 700".to_owned(),
            format!("port {}", port.unwrap_or(0)),
            "bind 127.0.0.1".to_owned(),
            // As the stock BLISS data server: nothing is kept, nothing is thrown out.
            "save \"\"".to_owned(),
            "appendonly no".to_owned(),
            "maxmemory-policy noeviction".to_owned(),
        ];
        lines.extend(
            modules
                .iter()
                .map(|module| format!("loadmodule {}", path(module))),
        );
        lines.extend(self.maxmemory.map(|bytes| format!("maxmemory {bytes}")));
        lines.extend(
            self.password
                .as_ref()
                .map(|text| format!("requirepass {}", quoted(text))),
        );
        lines.extend(self.users.iter().map(|user| {
            let password = quoted(&format!(">{}", user.password));
            format!("user {} on {password} {}", user.name, user.rules)
        }));
        lines.join("\n") + "\n"
    }
}

/// A text as redis.conf has it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            b' '..=b'~' => quoted.push(char::from(byte)),
            _ => quoted.push_str(&format!("\\x{byte:02x}")),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_redis_reads() {
        assert_eq!(quoted("a \"b\\\n\u{e9}"), r#""a \"b\\\x0a\xc3\xa9""#);
    }
}
