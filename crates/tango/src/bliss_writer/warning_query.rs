//! The argument of `GetWarning`, and its errors in the words of Python.

use serde_json::Value as Json;

use crate::failure::DevFailed;
use crate::python;

/// The warning that a client asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct WarningQuery {
    /// Key of the scan.
    pub key: String,
    index: Json,
}

impl WarningQuery {
    /// Parses `{"scan_key": "...", "index": 0}`.
    pub fn parse(text: &str) -> Result<WarningQuery, DevFailed> {
        let json: Json = serde_json::from_str(text).map_err(|error| undecodable(text, &error))?;
        let Json::Object(mut query) = json else {
            let text = match json {
                Json::Array(_) => "list indices must be integers or slices, not str".to_owned(),
                Json::String(_) => "string indices must be integers, not 'str'".to_owned(),
                other => format!("'{}' object is not subscriptable", class(&other)),
            };
            return Err(failure("TypeError", &text));
        };
        let mut take = |name: &str| query.remove(name).ok_or_else(|| unknown(name));
        let (key, index) = (take("scan_key")?, take("index")?);
        match key {
            Json::String(key) => Ok(WarningQuery { key, index }),
            other => Err(failure("KeyError", &other.to_string())),
        }
    }

    /// Returns the index in a list of `count` warnings. Negative indices count from the end.
    pub fn index(&self, count: usize) -> Result<usize, DevFailed> {
        let index = match &self.index {
            Json::Bool(second) => Some(i64::from(*second)),
            Json::Number(number) if number.is_f64() => None,
            Json::Number(number) => Some(number.as_i64().unwrap_or(i64::MAX)),
            _ => None,
        };
        let Some(index) = index else {
            let class = class(&self.index);
            let text = format!("list indices must be integers or slices, not {class}");
            return Err(failure("TypeError", &text));
        };
        let from_start = match usize::try_from(index) {
            Ok(index) => Some(index),
            Err(_) => usize::try_from(index.unsigned_abs())
                .ok()
                .and_then(|back| count.checked_sub(back)),
        };
        from_start
            .filter(|index| *index < count)
            .ok_or_else(|| failure("IndexError", "list index out of range"))
    }
}

/// Returns the error for a key that is not known.
pub fn unknown(key: &str) -> DevFailed {
    failure("KeyError", &python::quoted(key))
}

fn failure(class: &str, text: &str) -> DevFailed {
    DevFailed::python(class, text, "BlissWriter")
}

/// Returns the class of a JSON value in Python.
fn class(json: &Json) -> &'static str {
    match json {
        Json::Null => "NoneType",
        Json::Bool(_) => "bool",
        Json::Number(number) if number.is_f64() => "float",
        Json::Number(_) => "int",
        Json::String(_) => "str",
        Json::Array(_) => "list",
        Json::Object(_) => "dict",
    }
}

fn undecodable(text: &str, error: &serde_json::Error) -> DevFailed {
    let said = error.to_string();
    let what = [
        ("trailing characters", "Extra data"),
        ("expected `:`", "Expecting ':' delimiter"),
        ("expected `,`", "Expecting ',' delimiter"),
        ("parsing a list", "Expecting ',' delimiter"),
        ("key must be a string", PROPERTY),
        ("trailing comma", PROPERTY),
        ("parsing an object", PROPERTY),
    ];
    let what = what
        .iter()
        .find(|(ours, _)| said.starts_with(ours) || said.contains(ours));
    let what = what.map_or("Expecting value", |(_, theirs)| theirs);
    // Python reports an early end at the position of the next character.
    let mut column = error.column() + usize::from(error.is_eof());
    let lines = text.split('\n').take(error.line().saturating_sub(1));
    let before: usize = lines.map(|line| line.chars().count() + 1).sum();
    if said.starts_with("expected ident") {
        // Python reports a wrong `null`, `true` or `false` at its beginning.
        let line = text.split('\n').nth(error.line().saturating_sub(1));
        let read: String = line
            .unwrap_or_default()
            .chars()
            .take(column.saturating_sub(1))
            .collect();
        let word = read.chars().rev().take_while(char::is_ascii_lowercase);
        column -= word.count();
    }
    let (line, place) = (error.line(), before + column.saturating_sub(1));
    failure(
        "json.decoder.JSONDecodeError",
        &format!("{what}: line {line} column {column} (char {place})"),
    )
}

const PROPERTY: &str = "Expecting property name enclosed in double quotes";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_those_of_python() {
        let cases = [
            (
                "",
                "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
            ),
            (
                "{",
                "json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: line 1 \
                 column 2 (char 1)",
            ),
            (
                "{\"a\":1,}",
                "json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: line 1 \
                 column 8 (char 7)",
            ),
            (
                "{\"scan_key\":\"x\" \"index\":0}",
                "json.decoder.JSONDecodeError: Expecting ',' delimiter: line 1 column 17 (char 16)",
            ),
            (
                "{} x",
                "json.decoder.JSONDecodeError: Extra data: line 1 column 4 (char 3)",
            ),
            (
                "[0",
                "json.decoder.JSONDecodeError: Expecting ',' delimiter: line 1 column 3 (char 2)",
            ),
            (
                "{\n\nx",
                "json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: \
              line 3 column 1 (char 3)",
            ),
            (
                "[]",
                "TypeError: list indices must be integers or slices, not str",
            ),
            (
                "\"x\"",
                "TypeError: string indices must be integers, not 'str'",
            ),
            (
                "no JSON",
                "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
            ),
            (
                "{\"a\": tru}",
                "json.decoder.JSONDecodeError: Expecting value: line 1 column 7 (char 6)",
            ),
            ("5", "TypeError: 'int' object is not subscriptable"),
            ("null", "TypeError: 'NoneType' object is not subscriptable"),
            ("{\"index\":0}", "KeyError: 'scan_key'"),
            ("{\"scan_key\":1}", "KeyError: 'index'"),
            ("{\"scan_key\":5,\"index\":0}", "KeyError: 5"),
        ];
        for (text, message) in cases {
            let failure = WarningQuery::parse(text).unwrap_err();
            assert_eq!(failure.to_string(), format!("{message}\n"), "{text}");
        }
    }

    #[test]
    fn an_index_is_one_of_a_list_in_python() {
        let index = |index: &str| {
            let query = format!("{{\"scan_key\":\"esrf:scan:A\",\"index\":{index}}}");
            let index = WarningQuery::parse(&query).unwrap().index(2);
            index.map_err(|failure| failure.to_string())
        };
        let beyond = || Err("IndexError: list index out of range\n".to_owned());
        let wrong = |class| {
            Err(format!(
                "TypeError: list indices must be integers or slices, not {class}\n"
            ))
        };
        assert_eq!(
            (index("0"), index("1"), index("true")),
            (Ok(0), Ok(1), Ok(1))
        );
        assert_eq!((index("-1"), index("-2")), (Ok(1), Ok(0)));
        assert_eq!(
            (index("2"), index("-3"), index("99999999999999999999")),
            (beyond(), beyond(), wrong("float"))
        );
        assert_eq!(index("18446744073709551615"), beyond());
        assert_eq!(
            (index("\"0\""), index("0.5")),
            (wrong("str"), wrong("float"))
        );
        assert_eq!(index("null"), wrong("NoneType"));
    }
}
