//! Abbreviations of options, which programs in Python accept.

use std::ffi::OsString;

use clap::Command;

/// Options that the programs in Python do not have.
const ADDED: [&str; 2] = ["config", "print-config"];

/// Completes abbreviations such as `--co` that would be ambiguous only because of the options of the configuration: they
/// mean what they have always meant.
pub fn complete(command: &Command, arguments: Vec<OsString>) -> Vec<OsString> {
    let mut is_option = true;
    let complete = |argument: OsString| {
        is_option &= argument != "--";
        let Some(typed) = argument.to_str().filter(|_| is_option) else {
            return argument;
        };
        match completion(command, typed) {
            Some(completed) => completed.into(),
            None => argument,
        }
    };
    arguments.into_iter().map(complete).collect()
}

fn completion(command: &Command, typed: &str) -> Option<String> {
    let typed = typed.strip_prefix("--").filter(|typed| !typed.is_empty())?;
    let (name, value) = typed.split_at(typed.find('=').unwrap_or(typed.len()));
    if ADDED.contains(&name) || !ADDED.iter().any(|added| added.starts_with(name)) {
        return None;
    }
    let begins = |long: &&str| long.starts_with(name);
    let mut meant = command.get_arguments().filter_map(|arg| {
        let long = arg.get_long().filter(|long| !ADDED.contains(long))?;
        let aliases = arg.get_all_aliases().unwrap_or_default();
        let is_meant = std::iter::once(long)
            .chain(aliases)
            .any(|long| begins(&long));
        is_meant.then_some(long)
    });
    match (meant.next(), meant.next()) {
        (Some(long), None) => Some(format!("--{long}{value}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::SessionWriterArgs;

    #[test]
    fn abbreviations_mean_what_they_meant_without_a_configuration() {
        let completed = |arguments: &[&str]| {
            let arguments = arguments.iter().map(OsString::from).collect();
            complete(&SessionWriterArgs::command(), arguments)
        };
        for abbreviation in ["--c", "--co", "--p", "--pa=5"] {
            let unambiguous = match abbreviation {
                "--p" => "--park-after",
                "--pa=5" => "--pa=5",
                _ => "--copy-non-external",
            };
            assert_eq!(completed(&["w", abbreviation]), ["w", unambiguous]);
        }
        for kept in [
            "--config",
            "--config=a",
            "--conf",
            "--print-config",
            "--pr",
            "c",
            "--",
        ] {
            assert_eq!(completed(&["w", kept]), ["w", kept]);
        }
        assert_eq!(completed(&["w", "--", "--co"]), ["w", "--", "--co"]);
    }
}
