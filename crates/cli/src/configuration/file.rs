//! A file with settings.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::error::{ConfigurationError, Problem};
use super::nearest::{nearest, nearest_table};
use super::setting::{Catalogue, CommandSetting, Kind, is_secret};
use super::source::{Source, Value};

/// Largest number of bytes of a file. A file with all settings has some thousands.
const MAX_BYTES: u64 = 1 << 20;

/// Largest number of characters of a wrong value that are shown.
const MAX_SHOWN: usize = 60;

/// The table with the tables of sessions.
const SESSION: &str = "session";

/// Settings by key.
pub type FileValues = BTreeMap<String, FileValue>;

/// The value of a setting in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileValue {
    /// The value as it would be typed; several texts if it is a list.
    pub texts: Vec<String>,
    kind: Kind,
    line: usize,
}

/// A file with settings, all of which are known and have values that their options accept.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigurationFile {
    path: PathBuf,
    values: FileValues,
    sessions: BTreeMap<String, FileValues>,
}

impl ConfigurationFile {
    /// Reads a file.
    ///
    /// # Errors
    /// If the file cannot be read, or has a syntax error, unknown keys or wrong values.
    pub fn read(
        path: &Path,
        catalogue: &Catalogue,
    ) -> Result<ConfigurationFile, ConfigurationError> {
        let unreadable = |source| ConfigurationError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(unreadable)?;
        let mut bytes = Vec::new();
        let mut limited = file.take(MAX_BYTES + 1);
        limited.read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(ConfigurationError::TooLarge {
                path: path.to_owned(),
                limit: MAX_BYTES,
            });
        }
        parse(path, &bytes, catalogue).map_err(ConfigurationError::Wrong)
    }

    /// Returns where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the settings outside of the tables of sessions.
    pub fn values(&self) -> &FileValues {
        &self.values
    }

    /// Returns the settings of a session.
    pub fn session(&self, name: &str) -> Option<&FileValues> {
        self.sessions.get(name)
    }

    /// Returns the names of the sessions that have a table.
    pub fn session_names(&self) -> impl Iterator<Item = &str> {
        self.sessions.keys().map(String::as_str)
    }

    /// Returns the settings of a session, to print them.
    pub fn session_values(&self, name: &str) -> Vec<Value> {
        let values = self.session(name).into_iter().flatten();
        let value = |(key, value): (&String, &FileValue)| Value {
            key: key.clone(),
            kind: value.kind,
            texts: value.texts.clone(),
            source: Source::Session(self.place(value)),
        };
        values.map(value).collect()
    }

    /// Returns where a value is: `FILE:LINE`.
    pub fn place(&self, value: &FileValue) -> String {
        format!("{}:{}", self.path.display(), value.line)
    }
}

fn parse(
    path: &Path,
    bytes: &[u8],
    catalogue: &Catalogue,
) -> Result<ConfigurationFile, Vec<Problem>> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            let place = place(path, position(&valid, valid.len()));
            return Err(vec![Problem::of_place(place, "the file is not in UTF-8")]);
        }
    };
    let mut reader = Reader {
        path,
        text,
        catalogue,
        problems: Vec::new(),
    };
    let (values, sessions) = match DeTable::parse(text) {
        Ok(document) => reader.document(document.get_ref()),
        Err(error) => {
            let span = error.span().unwrap_or_default();
            // Some messages have several lines.
            let message = error.message().replace('\n', ", ");
            reader.report(&span, message);
            Default::default()
        }
    };
    if !reader.problems.is_empty() {
        let mut problems = reader.problems;
        problems.sort_by_key(|(at, _)| *at);
        return Err(problems.into_iter().map(|(_, problem)| problem).collect());
    }
    Ok(ConfigurationFile {
        path: path.to_owned(),
        values,
        sessions,
    })
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    catalogue: &'a Catalogue,
    /// With their lines and columns.
    problems: Vec<((usize, usize), Problem)>,
}

impl Reader<'_> {
    fn document(&mut self, document: &DeTable) -> (FileValues, BTreeMap<String, FileValues>) {
        let mut sessions = BTreeMap::new();
        let mut values = FileValues::new();
        for (name, value) in document {
            if name.get_ref() != SESSION {
                self.table("", name, value, &mut values);
                continue;
            }
            let Some(tables) = self.as_table(SESSION, value) else {
                continue;
            };
            for (session, value) in tables {
                let prefix = format!("{SESSION}.{}", session.get_ref());
                let mut own = FileValues::new();
                if let Some(tables) = self.as_table(&prefix, value) {
                    for (name, value) in tables {
                        self.table(&format!("{prefix}."), name, value, &mut own);
                    }
                }
                sessions.insert(session.get_ref().to_string(), own);
            }
        }
        (values, sessions)
    }

    fn table(
        &mut self,
        prefix: &str,
        name: &Spanned<DeString>,
        value: &Spanned<DeValue>,
        values: &mut FileValues,
    ) {
        let table = name.get_ref();
        if !self.catalogue.has_table(table) {
            let meant = match value.get_ref() {
                DeValue::Table(_) => {
                    nearest_table(self.catalogue, table).map(|it| format!("[{it}]"))
                }
                _ => nearest(self.catalogue, table).map(str::to_owned),
            };
            self.report_unknown(&name.span(), &format!("{prefix}{table}"), meant);
            return;
        }
        let Some(entries) = self.as_table(&format!("{prefix}{table}"), value) else {
            return;
        };
        for (name, value) in entries {
            let key = format!("{table}.{}", name.get_ref());
            let catalogue = self.catalogue;
            let Some(settings) = catalogue.get(&key) else {
                let meant = nearest(catalogue, &key).map(str::to_owned);
                self.report_unknown(&name.span(), &format!("{prefix}{key}"), meant);
                continue;
            };
            if let Some(found) = self.value(&format!("{prefix}{key}"), settings, value) {
                values.insert(key, found);
            }
        }
    }

    fn as_table<'t, 'i>(
        &mut self,
        name: &str,
        value: &'t Spanned<DeValue<'i>>,
    ) -> Option<&'t DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            let shown = self.shown(&value.span());
            self.report(&value.span(), format!("{name} is a table, not {shown}"));
        }
        table
    }

    /// Returns the value of a setting if it is right.
    fn value(
        &mut self,
        name: &str,
        settings: &[CommandSetting],
        value: &Spanned<DeValue>,
    ) -> Option<FileValue> {
        let setting = &settings.first()?.setting;
        let span = value.span();
        let Some(texts) = texts(setting.kind, value.get_ref()) else {
            let expected = setting.kind.describe();
            let shown = match is_secret(&setting.key) {
                true => "this".to_owned(),
                false => self.shown(&span),
            };
            self.report(&span, format!("{name} is {expected}, not {shown}"));
            return None;
        };
        for text in &texts {
            let wrong = settings.iter().find_map(|it| it.setting.check(text).err());
            if let Some(wrong) = wrong {
                self.report(&span, format!("{name}: {wrong}"));
                return None;
            }
        }
        Some(FileValue {
            texts,
            kind: setting.kind,
            line: position(self.text, span.start).0,
        })
    }

    fn report_unknown(&mut self, span: &Range<usize>, name: &str, meant: Option<String>) {
        let meant = meant.map_or_else(String::new, |meant| format!("; is {meant} meant?"));
        self.report(span, format!("{name} is no setting{meant}"));
    }

    fn report(&mut self, span: &Range<usize>, text: String) {
        let at = position(self.text, span.start);
        self.problems
            .push((at, Problem::of_place(place(self.path, at), text)));
    }

    /// Returns what is written at a place, as far as it is not too long.
    fn shown(&self, span: &Range<usize>) -> String {
        let text = self.text.get(span.clone()).unwrap_or_default();
        let mut lines = text.lines();
        let line = lines.next().unwrap_or_default();
        match line.char_indices().nth(MAX_SHOWN) {
            Some((end, _)) => format!("{}...", &line[..end]),
            None if lines.next().is_some() => format!("{line}..."),
            None => line.to_owned(),
        }
    }
}

/// Returns a value as it would be typed. Returns `None` if it is of another kind.
fn texts(kind: Kind, value: &DeValue) -> Option<Vec<String>> {
    let text = match (kind, value) {
        (Kind::List, DeValue::Array(items)) => {
            let texts = items.iter().map(|item| item.get_ref().as_str());
            return texts.map(|text| text.map(str::to_owned)).collect();
        }
        (Kind::Switch, DeValue::Boolean(is_on)) => is_on.to_string(),
        (Kind::Number | Kind::NumberOrText, DeValue::Integer(number)) => {
            match i128::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => number.to_string(),
                Err(_) => number.to_string(),
            }
        }
        (Kind::Number | Kind::NumberOrText, DeValue::Float(number)) => number.as_str().to_owned(),
        (Kind::Text | Kind::NumberOrText, DeValue::String(text)) => text.to_string(),
        _ => return None,
    };
    Some(vec![text])
}

/// Returns the line and the column of a byte, both from 1.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_begin = before.rfind('\n').map_or(0, |end| end + 1);
    (
        before.matches('\n').count() + 1,
        before[line_begin..].chars().count() + 1,
    )
}

fn place(path: &Path, (line, column): (usize, usize)) -> String {
    format!("{}:{line}:{column}", path.display())
}
