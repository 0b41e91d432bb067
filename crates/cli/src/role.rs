//! The roles of the executable. The name that a process was started with decides.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `nexus-writer`, and every name that is not known.
    NexusWriter,
    /// `NexusSessionWriter`.
    SessionWriter,
    /// `NexusWriterService`, and `nexuswriter`, which is the default server of that service in the Tango database.
    WriterService,
    /// `RegisterNexusWriter`.
    RegisterWriter,
    /// `BlissWriter`, the default server of `nexus-writer tango run`.
    BlissServer,
}

/// The names that are not `nexus-writer`. Tango's Starter starts the file that has the name of a server in the database.
const NAMES: [(&str, Role); 5] = [
    ("NexusSessionWriter", Role::SessionWriter),
    ("NexusWriterService", Role::WriterService),
    ("RegisterNexusWriter", Role::RegisterWriter),
    ("nexuswriter", Role::WriterService),
    ("BlissWriter", Role::BlissServer),
];

impl Role {
    /// Returns the role of this process.
    ///
    /// The path of the executable would not do: several names are links to one file.
    pub fn of_process() -> Role {
        let started_as = env::args_os().next();
        started_as.map_or(Role::NexusWriter, |name| Role::of(&name))
    }

    fn of(argument_0: &OsStr) -> Role {
        let name = Path::new(argument_0).file_name().unwrap_or_default();
        let found = NAMES.iter().find(|(known, _)| name == *known);
        found.map_or(Role::NexusWriter, |(_, role)| *role)
    }

    /// Returns the arguments of the process as the parser of its role reads them.
    pub fn arguments(self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = env::args_os().collect();
        if self == Role::BlissServer {
            let behind_name = arguments.len().min(1);
            arguments.splice(
                behind_name..behind_name,
                ["tango", "run"].map(OsString::from),
            );
        }
        arguments
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Returns the names of the files in a folder of `packaging`.
    fn packaged(folder: &str) -> BTreeSet<String> {
        let packaging = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging");
        let files = packaging.join(folder).read_dir().unwrap();
        files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn packages_have_all_names() {
        let names: BTreeSet<_> = NAMES.iter().map(|(name, _)| name.to_string()).collect();
        assert_eq!(packaged("links"), names);
        assert_eq!(packaged("wheel-data/scripts"), names);
    }

    #[test]
    fn the_file_name_decides() {
        for (started_as, role) in [
            ("nexus-writer", Role::NexusWriter),
            ("/usr/bin/nexus-writer", Role::NexusWriter),
            ("NexusSessionWriter", Role::SessionWriter),
            ("/opt/NexusWriterService/nexus-writer", Role::NexusWriter),
            ("../bin/NexusWriterService", Role::WriterService),
            ("/usr/lib/tango/nexuswriter", Role::WriterService),
            ("/usr/lib/tango/BlissWriter", Role::BlissServer),
            ("RegisterNexusWriter", Role::RegisterWriter),
            ("nexuswriter-0.1", Role::NexusWriter),
            ("", Role::NexusWriter),
            ("/", Role::NexusWriter),
        ] {
            assert_eq!(Role::of(OsStr::new(started_as)), role, "{started_as}");
        }
    }
}
