//! The options of a command, made ready for values from the environment and from files.

use std::env;

use clap::builder::{BoolishValueParser, Resettable};
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::setting::{Catalogue, Kind, Setting, key_of, table_of};

/// Variables that had a meaning before settings had theirs, and those that go before them.
const OLD_VARIABLES: [(&str, &str); 2] = [
    ("NEXUS_WRITER_REDIS_URL", "REDIS_DATA_URL"),
    ("NEXUS_WRITER_REDIS_BEACON_HOST", "BEACON_HOST"),
];

/// Changes all options of a command and of its subcommands.
pub fn change(command: Command, how: &dyn Fn(Arg) -> Arg) -> Command {
    command
        .mut_args(how)
        .mut_subcommands(|subcommand| change(subcommand, how))
}

/// Lets switches take a value, as `--keepshape=false`, and hides values of variables. The help of a program that
/// replaces one in Python says nothing about variables.
pub fn prepare(command: Command, is_classic: bool) -> Command {
    change(command, &|arg| {
        let Some(setting) = Setting::of(&arg) else {
            return arg;
        };
        let arg = arg.hide_env_values(true).hide_env(is_classic);
        match setting.kind {
            Kind::Switch => arg
                .action(ArgAction::Set)
                .num_args(0..=1)
                .require_equals(true)
                .value_name("BOOL")
                .default_missing_value("true")
                .default_value("false")
                .value_parser(BoolishValueParser::new())
                .hide_possible_values(true)
                .hide_default_value(true),
            _ => arg,
        }
    })
}

/// Lets nothing be required.
pub fn tolerant(command: Command) -> Command {
    change(command, &|arg| arg.required(false))
}

/// Lets settings have no value from the environment.
pub fn without_settings(command: Command) -> Command {
    change(command, &|arg| match Setting::of(&arg) {
        Some(_) => arg.env(Resettable::Reset),
        None => arg,
    })
}

/// Returns the variable that a setting is taken from: its own one, or an older one. A variable that is empty counts as
/// not set.
pub fn variable(setting: &Setting) -> Option<&str> {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    if is_set(&setting.variable) {
        return Some(&setting.variable);
    }
    let old = OLD_VARIABLES
        .into_iter()
        .find(|(own, _)| *own == setting.variable);
    old.map(|(_, old)| old).filter(|old| is_set(old))
}

/// Returns the variables that look like settings, and are none.
pub fn unknown_variables(catalogue: &Catalogue) -> Vec<String> {
    let mut unknown: Vec<String> = env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| {
            key_of(name).is_some_and(|key| {
                catalogue.has_table(table_of(&key)) && catalogue.get(&key).is_none()
            })
        })
        .collect();
    unknown.sort_unstable();
    unknown
}

/// Returns the subcommand that was typed, with its words and its arguments.
pub fn leaf(matches: &ArgMatches) -> (Vec<&str>, &ArgMatches) {
    let mut path = Vec::new();
    let mut leaf = matches;
    while let Some((name, next)) = leaf.subcommand() {
        path.push(name);
        leaf = next;
    }
    (path, leaf)
}

/// Returns the settings of a subcommand, with those that its parents have for all subcommands.
pub fn settings(command: &Command, path: &[&str]) -> Vec<Setting> {
    let mut inherited = Vec::new();
    let mut at = command;
    for name in path {
        let globals = at.get_arguments().filter(|arg| arg.is_global_set());
        inherited.extend(globals.filter_map(Setting::of));
        match at.find_subcommand(name) {
            Some(found) => at = found,
            None => break,
        }
    }
    let mut settings: Vec<_> = at.get_arguments().filter_map(Setting::of).collect();
    settings.extend(inherited);
    settings
}
