//! Settings: the options that have a variable of their own.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::error::Error;

use clap::builder::{BoolishValueParser, OsStr};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Command};
use nexus::file::Durability;
use redis_client::RedisUrl;
use writer::MemoryBudget;

use crate::logging::Severity;

/// What the variables of settings begin with.
const PREFIX: &str = "NEXUS_WRITER_";

/// Types of options that are numbers in a file.
fn is_number(id: impl PartialEq<TypeId>) -> bool {
    [
        TypeId::of::<i64>(),
        TypeId::of::<u16>(),
        TypeId::of::<u32>(),
        TypeId::of::<u64>(),
        TypeId::of::<usize>(),
        TypeId::of::<f64>(),
        TypeId::of::<MemoryBudget>(),
    ]
    .into_iter()
    .any(|number| id == number)
}

/// What a value looks like in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Switch,
    /// A number.
    Number,
    /// A number or a text.
    NumberOrText,
    /// A text.
    Text,
    /// A list of texts.
    List,
}

impl Kind {
    /// Returns what is expected, for people.
    pub fn describe(self) -> &'static str {
        match self {
            Kind::Switch => "true or false",
            Kind::Number => "a number",
            Kind::NumberOrText => "a text or a number",
            Kind::Text => "a text in quotes",
            Kind::List => "a list of texts: [\"...\"]",
        }
    }

    fn of(arg: &Arg) -> Kind {
        let id = arg.get_value_parser().type_id();
        match arg.get_action() {
            ArgAction::Append => Kind::List,
            ArgAction::SetTrue | ArgAction::SetFalse => Kind::Switch,
            _ if id == TypeId::of::<bool>() => Kind::Switch,
            _ if id == TypeId::of::<Durability>() => Kind::NumberOrText,
            _ if is_number(id) => Kind::Number,
            _ => Kind::Text,
        }
    }
}

/// One option of one command that is a setting.
#[derive(Debug, Clone)]
pub struct Setting {
    /// `table.name`.
    pub key: String,
    /// The variable.
    pub variable: String,
    /// What it looks like in a file.
    pub kind: Kind,
    arg: Arg,
}

impl Setting {
    /// Returns the setting that an option is.
    pub fn of(arg: &Arg) -> Option<Setting> {
        let variable = arg.get_env()?.to_str()?;
        Some(Setting {
            key: key_of(variable)?,
            variable: variable.to_owned(),
            kind: Kind::of(arg),
            arg: arg.clone(),
        })
    }

    /// Returns the identifier of the option, which is the name of the property of a Tango device.
    pub fn id(&self) -> &str {
        self.arg.get_id().as_str()
    }

    /// Returns the option.
    pub fn arg(&self) -> &Arg {
        &self.arg
    }

    /// Returns how the option is typed.
    pub fn option(&self) -> String {
        match self.arg.get_long() {
            Some(long) => format!("--{long}"),
            None => self.id().to_ascii_uppercase(),
        }
    }

    /// Returns `true` if the value may have a password.
    pub fn is_secret(&self) -> bool {
        is_secret(&self.key)
    }

    /// Returns `true` if an empty text means that there is no value.
    pub fn may_be_unset(&self) -> bool {
        matches!(self.kind, Kind::Text) && self.arg.get_default_values().is_empty()
    }

    /// Returns what is wrong with a value. The text does not repeat a value that may have a password.
    ///
    /// # Errors
    /// If the option would not accept the value.
    pub fn check(&self, text: &str) -> Result<(), String> {
        if text.is_empty() && self.may_be_unset() {
            return Ok(());
        }
        if self.key == "log.level" {
            return match text.parse::<Severity>() {
                Ok(_) => Ok(()),
                Err(unknown) => Err(format!("{text:?} is {unknown}")),
            };
        }
        if self.is_secret() {
            return match text.parse::<RedisUrl>() {
                Ok(_) => Ok(()),
                Err(error) => Err(error.to_string()),
            };
        }
        let mut probe = Arg::new("value")
            .ignore_case(self.arg.is_ignore_case_set())
            .default_value(OsStr::from(text.to_owned()));
        probe = match self.kind {
            Kind::Switch => probe.value_parser(BoolishValueParser::new()),
            _ => probe.value_parser(self.arg.get_value_parser().clone()),
        };
        let command = Command::new("check").no_binary_name(true).arg(probe);
        let Err(error) = command.try_get_matches_from::<_, &str>([]) else {
            return Ok(());
        };
        Err(match error.kind() {
            ErrorKind::InvalidValue => {
                let possible = self.arg.get_possible_values();
                let names: Vec<_> = possible.iter().map(|value| value.get_name()).collect();
                match names.is_empty() {
                    true => format!("{text:?} is no value of this setting"),
                    false => format!("{text:?} is none of {}", names.join(", ")),
                }
            }
            _ => match (whole_numbers(&self.arg), error.source()) {
                (Some(expected), _) => format!("{text} is not {expected}"),
                (None, Some(source)) => format!("{text:?} cannot be used: {source}"),
                (None, None) => format!("{text:?} cannot be used"),
            },
        })
    }
}

/// Returns which numbers an option accepts if they are whole ones.
fn whole_numbers(arg: &Arg) -> Option<&'static str> {
    let id = arg.get_value_parser().type_id();
    let is_unsigned = [
        TypeId::of::<u16>(),
        TypeId::of::<u32>(),
        TypeId::of::<u64>(),
        TypeId::of::<usize>(),
    ]
    .into_iter()
    .any(|unsigned| id == unsigned);
    match is_unsigned {
        true => Some("a whole number that is not negative"),
        false => (id == TypeId::of::<i64>()).then_some("a whole number"),
    }
}

/// Returns `true` if the value of this setting may have a password.
pub fn is_secret(key: &str) -> bool {
    key == "redis.url"
}

/// All settings of several commands. The same setting may be an option of several of them, with other defaults.
pub struct Catalogue {
    /// By key, in the order of the commands.
    settings: Vec<(String, Vec<CommandSetting>)>,
    keys: BTreeMap<String, usize>,
}

/// A setting, and a command that has it.
pub struct CommandSetting {
    /// The words with which the command is typed.
    #[cfg_attr(not(test), allow(dead_code, reason = "the sample names it"))]
    pub command: String,
    pub setting: Setting,
}

impl Catalogue {
    /// Returns the settings of these commands and their subcommands.
    pub fn of(commands: &[Command]) -> Catalogue {
        let mut catalogue = Catalogue {
            settings: Vec::new(),
            keys: BTreeMap::new(),
        };
        for command in commands {
            catalogue.add(command, "");
        }
        catalogue
    }

    fn add(&mut self, command: &Command, parent: &str) {
        let name = format!("{parent} {}", command.get_name()).trim().to_owned();
        for subcommand in command.get_subcommands() {
            self.add(subcommand, &name);
        }
        for setting in command.get_arguments().filter_map(Setting::of) {
            let next = self.settings.len();
            let index = *self.keys.entry(setting.key.clone()).or_insert(next);
            if index == next {
                self.settings.push((setting.key.clone(), Vec::new()));
            }
            self.settings[index].1.push(CommandSetting {
                command: name.clone(),
                setting,
            });
        }
    }

    /// Returns a setting, as it is in each command that has it.
    pub fn get(&self, key: &str) -> Option<&[CommandSetting]> {
        let index = self.keys.get(key)?;
        self.settings.get(*index).map(|(_, found)| found.as_slice())
    }

    /// Returns all settings, in the order of the commands.
    #[cfg(test)]
    pub fn all(&self) -> impl Iterator<Item = &[CommandSetting]> {
        self.settings.iter().map(|(_, found)| found.as_slice())
    }

    /// Returns the keys of all settings.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.settings.iter().map(|(key, _)| key.as_str())
    }

    /// Returns `true` if there are settings in this table.
    pub fn has_table(&self, table: &str) -> bool {
        self.keys().any(|key| table_of(key) == table)
    }
}

/// Returns the key that belongs to a variable: `table.name` to `NEXUS_WRITER_TABLE_NAME`.
pub fn key_of(variable: &str) -> Option<String> {
    let (table, name) = variable.strip_prefix(PREFIX)?.split_once('_')?;
    Some(format!("{table}.{}", name.replace('_', "-")).to_ascii_lowercase())
}

/// Returns the table of a key.
pub fn table_of(key: &str) -> &str {
    key.split_once('.').map_or(key, |(table, _)| table)
}

/// Returns the name of a key in its table.
pub fn name_of(key: &str) -> &str {
    key.split_once('.').map_or(key, |(_, name)| name)
}
