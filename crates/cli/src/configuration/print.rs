//! Prints a configuration as a file that has the same effect.

use std::fmt::Write as _;

use redis_client::RedisUrl;

use super::arguments::unknown_variables;
use super::file::ConfigurationFile;
use super::nearest::nearest;
use super::setting::{Catalogue, Kind, is_secret, key_of, name_of, table_of};
use super::source::Value;

/// What is printed instead of a value with a password that cannot be told from the rest.
const MASK: &str = "***";

/// Returns the text of a configuration, each line with its source. The tables of sessions are those of `sessions`.
/// Variables that are no settings are named, because nothing else tells that they have no effect.
pub fn print(
    values: &[Value],
    sessions: Option<&ConfigurationFile>,
    catalogue: &Catalogue,
) -> String {
    let mut text = String::new();
    for name in unknown_variables(catalogue) {
        let meant = key_of(&name).and_then(|key| nearest(catalogue, &key).map(str::to_owned));
        let meant = meant.unwrap_or_default();
        line(
            &mut text,
            format_args!("# {name} is no setting; is {meant} meant?"),
        );
    }
    print_tables(&mut text, "", values);
    if let Some(file) = sessions {
        for name in file.session_names() {
            let prefix = format!("session.{}.", key(name));
            print_tables(&mut text, &prefix, &file.session_values(name));
        }
    }
    text
}

fn print_tables(text: &mut String, prefix: &str, values: &[Value]) {
    let mut tables: Vec<&str> = Vec::new();
    for value in values {
        let table = table_of(&value.key);
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    for table in tables {
        if !text.is_empty() {
            text.push('\n');
        }
        line(text, format_args!("[{prefix}{table}]"));
        for value in values.iter().filter(|value| table_of(&value.key) == table) {
            let source = value.source.to_string();
            let source = source.replace(char::is_control, "?");
            let (name, shown) = (name_of(&value.key), to_toml(value));
            line(text, format_args!("{name} = {shown}  # {source}"));
        }
    }
}

fn line(text: &mut String, line: std::fmt::Arguments) {
    if writeln!(text, "{line}").is_err() {
        // A String takes everything.
    }
}

/// Returns a value as it is written in a file. What is not set is an empty text.
pub fn to_toml(value: &Value) -> String {
    let text = value.text().unwrap_or_default();
    match value.kind {
        Kind::List => {
            let texts: Vec<_> = value.texts.iter().map(|text| quoted(text)).collect();
            format!("[{}]", texts.join(", "))
        }
        Kind::Switch => text.to_owned(),
        Kind::Number | Kind::NumberOrText => number(text).unwrap_or_else(|| quoted(text)),
        Kind::Text if is_secret(&value.key) && !text.is_empty() => match text.parse::<RedisUrl>() {
            Ok(url) => quoted(&url.to_string()),
            Err(_) => quoted(MASK),
        },
        Kind::Text => quoted(text),
    }
}

/// Returns a number as TOML has it.
fn number(text: &str) -> Option<String> {
    if let Ok(whole) = text.trim().parse::<i64>() {
        return Some(whole.to_string());
    }
    let number: f64 = text.trim().parse().ok()?;
    Some(match number.is_finite() {
        true => format!("{number:?}"),
        false => number.to_string().to_ascii_lowercase(),
    })
}

/// Returns a part of a key, in quotes if it needs them.
fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match !name.is_empty() && name.chars().all(is_bare) {
        true => name.to_owned(),
        false => quoted(name),
    }
}

/// Returns a text of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
