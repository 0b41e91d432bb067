//! Where unread data are kept that Redis is about to drop.

use std::env;
use std::path::PathBuf;

/// [`SpoolOptions::size`] by default, in megabytes.
pub const SPOOL_MEGABYTES: u64 = 4096;

/// Where unread data are kept that Redis is about to drop, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpoolOptions {
    /// The directory; `None` for the default one.
    pub path: Option<PathBuf>,
    /// Bytes of all scans together; 0 if nothing is to be spooled.
    pub size: u64,
}

impl Default for SpoolOptions {
    fn default() -> SpoolOptions {
        SpoolOptions {
            path: None,
            size: SPOOL_MEGABYTES * 1_000_000,
        }
    }
}

impl SpoolOptions {
    /// Returns the options with which nothing is spooled.
    pub fn none() -> SpoolOptions {
        SpoolOptions {
            path: None,
            size: 0,
        }
    }

    /// Returns the directory. By default it is below that which systemd gives a service for its state, or below
    /// that of the user. Returns `None` if nothing is to be spooled, or if there is neither.
    pub fn directory(&self) -> Option<PathBuf> {
        if self.size == 0 {
            return None;
        }
        let default = || default_directory(|name| env::var_os(name).map(PathBuf::from));
        self.path.clone().or_else(default)
    }
}

fn default_directory(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    // Relative paths would depend on where the program is started.
    let absolute = |name: &str| variable(name).filter(|path| path.is_absolute());
    if let Some(paths) = variable("STATE_DIRECTORY") {
        // systemd separates several directories by colons.
        let first = env::split_paths(&paths).next();
        return first.map(|path| path.join("spool"));
    }
    let state = absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
    state.map(|state| state.join("nexus-writer/spool"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_is_that_of_the_service_or_of_the_user() {
        let found = |variables: &[(&str, &str)]| {
            default_directory(|name| {
                let value = variables.iter().find(|(known, _)| *known == name)?;
                Some(PathBuf::from(value.1))
            })
        };
        let path = |text: &str| Some(PathBuf::from(text));
        let service = (
            "STATE_DIRECTORY",
            "/var/lib/nexus-writer/id00:/var/lib/other",
        );
        let home = ("HOME", "/users/opid00");
        assert_eq!(
            found(&[service, home]),
            path("/var/lib/nexus-writer/id00/spool")
        );
        assert_eq!(
            found(&[home]),
            path("/users/opid00/.local/state/nexus-writer/spool")
        );
        assert_eq!(
            found(&[("XDG_STATE_HOME", "/state"), home]),
            path("/state/nexus-writer/spool")
        );
        assert_eq!(found(&[("XDG_STATE_HOME", "state")]), None);
        assert_eq!(SpoolOptions::none().directory(), None);
    }
}
