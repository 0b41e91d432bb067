//! Puts the values of a file and of the environment below the options that are typed.

use std::env;

use clap::builder::{OsStr, Resettable};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use super::arguments::{change, variable};
use super::error::{ConfigurationError, Problem};
use super::file::{ConfigurationFile, FileValue};
use super::setting::{Kind, Setting};
use super::source::{Source, Value};

/// What is below the options.
#[derive(Clone, Copy)]
pub struct Layers<'a> {
    /// The file, if there is one.
    pub file: Option<&'a ConfigurationFile>,
    /// The session whose table in the file goes before the rest of the file.
    pub session: Option<&'a str>,
}

impl Layers<'_> {
    /// Makes the values of the file the defaults of the options.
    pub fn apply(&self, command: Command) -> Command {
        change(command, &|arg| match Setting::of(&arg) {
            Some(setting) => self.apply_to(arg, &setting),
            None => arg,
        })
    }

    fn apply_to(&self, arg: Arg, setting: &Setting) -> Arg {
        let arg = match variable(setting) {
            Some(name) => arg.env(name.to_owned()).hide_env_values(true),
            None => arg.env(Resettable::Reset),
        };
        match self.file_value(&setting.key) {
            Some((value, _)) => {
                let texts = value.texts.iter().filter(|text| !is_unset(setting, text));
                arg.required(false)
                    .default_values(texts.map(|text| OsStr::from(text.clone())))
            }
            None => arg,
        }
    }

    /// Returns the value of the file, and where it is.
    fn file_value(&self, key: &str) -> Option<(&FileValue, Source)> {
        let file = self.file?;
        if let Some(value) = self.session.and_then(|name| file.session(name)?.get(key)) {
            return Some((value, Source::Session(file.place(value))));
        }
        let value = file.values().get(key)?;
        Some((value, Source::File(file.place(value))))
    }

    /// Returns the settings of a command with their values, which are among its arguments.
    pub fn values(&self, settings: &[Setting], matches: &ArgMatches) -> Vec<Value> {
        let value = |setting: &Setting| Value {
            key: setting.key.clone(),
            kind: setting.kind,
            texts: texts(setting, matches),
            source: match matches.value_source(setting.id()) {
                Some(ValueSource::CommandLine) => Source::Option(setting.option()),
                Some(ValueSource::EnvVariable) => {
                    let name = variable(setting).unwrap_or(&setting.variable);
                    Source::Environment(name.to_owned())
                }
                _ => self
                    .file_value(&setting.key)
                    .map_or(Source::Default, |(_, source)| source),
            },
        };
        settings.iter().map(value).collect()
    }
}

/// Returns `true` if the text stands for no value.
fn is_unset(setting: &Setting, text: &str) -> bool {
    text.is_empty() && setting.may_be_unset()
}

fn texts(setting: &Setting, matches: &ArgMatches) -> Vec<String> {
    if setting.kind == Kind::Switch {
        let is_on: bool = matches.get_one(setting.id()).copied().unwrap_or_default();
        return vec![is_on.to_string()];
    }
    let raw = matches.get_raw(setting.id()).unwrap_or_default();
    raw.map(|text| text.to_string_lossy().into_owned())
        .collect()
}

/// Checks the variables of settings that are not typed, so that an error names the variable.
///
/// # Errors
/// If a variable has a value that its option would not accept.
pub fn check_environment(
    settings: &[Setting],
    is_typed: impl Fn(&str) -> bool,
) -> Result<(), ConfigurationError> {
    let mut problems = Vec::new();
    for setting in settings.iter().filter(|setting| !is_typed(setting.id())) {
        // Older variables are those of other programs, too: what is wrong with them is told where they are used.
        let Some(name) = variable(setting).filter(|name| *name == setting.variable) else {
            continue;
        };
        let value = env::var_os(name).unwrap_or_default();
        let texts = match (value.to_str(), setting.kind) {
            (None, Kind::Text) if !setting.is_secret() => continue,
            (None, _) => {
                problems.push(Problem::of_variable(name, "is no text"));
                continue;
            }
            (Some(text), Kind::List) => text.split(',').collect(),
            (Some(text), _) => vec![text],
        };
        for text in texts {
            if let Err(wrong) = setting.check(text) {
                problems.push(Problem::of_variable(name, &wrong));
            }
        }
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(ConfigurationError::Wrong(problems)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::ArgAction;

    use super::*;
    use crate::configuration::arguments::{prepare, settings};
    use crate::configuration::print::to_toml;
    use crate::configuration::setting::Catalogue;

    #[test]
    fn a_setting_may_be_a_list() {
        let names = Arg::new("names")
            .long("name")
            .env("NEXUS_WRITER_LISTS_NAMES")
            .action(ArgAction::Append)
            .value_delimiter(',');
        let command = prepare(Command::new("lists").arg(names), false);
        let catalogue = Catalogue::of(std::slice::from_ref(&command));
        let settings = settings(&command, &[]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        let value = |content: &str, arguments: &[&str]| {
            fs::write(&path, content).unwrap();
            let file = ConfigurationFile::read(&path, &catalogue);
            let file = file.map_err(|error| error.to_string())?;
            let layers = Layers {
                file: Some(&file),
                session: None,
            };
            let arguments = ["lists"].iter().chain(arguments);
            let layered = layers.apply(command.clone());
            let matches = layered.try_get_matches_from(arguments).unwrap();
            Ok::<_, String>(to_toml(&layers.values(&settings, &matches)[0]))
        };
        let content = "lists.names = ['a', 'b c']";
        assert_eq!(value("", &[]).unwrap(), "[]");
        assert_eq!(value(content, &[]).unwrap(), "[\"a\", \"b c\"]");
        assert_eq!(value("lists.names = []", &[]).unwrap(), "[]");
        let typed = ["--name=c,d", "--name=e"];
        assert_eq!(value(content, &typed).unwrap(), "[\"c\", \"d\", \"e\"]");
        let wrong = value("lists.names = 'a'", &[]).unwrap_err();
        assert!(wrong.ends_with(":1:15: lists.names is a list of texts: [\"...\"], not 'a'"));
    }
}
