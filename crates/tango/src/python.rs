//! Texts as Python writes them, which clients know from a writer in Python.

use std::io;
use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;
use writer::report::figures;

use crate::failure::DevFailed;

/// Returns a string in quotes, as `repr` does.
pub fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut shown = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => shown += "\\\\",
            '\n' => shown += "\\n",
            '\r' => shown += "\\r",
            '\t' => shown += "\\t",
            c if c == quote => shown.extend(['\\', c]),
            c if is_printable(c) => shown.push(c),
            c => shown += &escaped(c),
        }
    }
    shown.push(quote);
    shown
}

fn escaped(c: char) -> String {
    match u32::from(c) {
        code @ ..=0xff => format!("\\x{code:02x}"),
        code @ ..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

/// Python asks the Unicode database. This is its answer for the characters that may occur in a path.
fn is_printable(c: char) -> bool {
    let is_format = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}');
    c == ' ' || !(c.is_control() || c.is_whitespace() || is_format)
}

/// Returns a list of strings: `['a', 'b']`.
pub fn list(texts: &[String]) -> String {
    let quoted: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", quoted.join(", "))
}

/// Returns the time between two moments: `0:00:00.462888`, `-0:00:02`, or `NaN` if one is not known.
pub fn delay(time: Option<TimeDelta>) -> String {
    let Some(time) = time else {
        return "NaN".to_owned();
    };
    let micros = time.num_microseconds().unwrap_or(i64::MAX);
    let sign = if micros < 0 { "-" } else { "" };
    let duration = figures::duration(Duration::from_micros(micros.unsigned_abs()));
    format!("{sign}{duration}")
}

/// Returns the error of a system call as a device in Python reports it.
pub fn system_error(error: &io::Error, path: &Path, origin: &str) -> DevFailed {
    let path = quoted(&path.to_string_lossy());
    let Some(number) = error.raw_os_error() else {
        return DevFailed::python("OSError", format_args!("{error}: {path}"), origin);
    };
    let class = match error.kind() {
        io::ErrorKind::PermissionDenied => "PermissionError",
        io::ErrorKind::AlreadyExists => "FileExistsError",
        io::ErrorKind::NotADirectory => "NotADirectoryError",
        io::ErrorKind::IsADirectory => "IsADirectoryError",
        io::ErrorKind::NotFound => "FileNotFoundError",
        io::ErrorKind::Interrupted => "InterruptedError",
        io::ErrorKind::TimedOut => "TimeoutError",
        _ => "OSError",
    };
    let said = error.to_string();
    let said = said
        .strip_suffix(&format!(" (os error {number})"))
        .unwrap_or(&said);
    DevFailed::python(
        class,
        format_args!("[Errno {number}] {said}: {path}"),
        origin,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_quoted_like_in_python() {
        let cases = [
            ("/data/f.h5::/1.1", "'/data/f.h5::/1.1'"),
            ("it's", "\"it's\""),
            ("it's \"it\"", "'it\\'s \"it\"'"),
            ("a\\b\n\t\r\0", "'a\\\\b\\n\\t\\r\\x00'"),
            (
                "\u{a0}\u{e9}\u{200b}\u{1d173}",
                "'\\xa0\u{e9}\\u200b\u{1d173}'",
            ),
        ];
        for (text, shown) in cases {
            assert_eq!(quoted(text), shown);
        }
        assert_eq!(list(&[]), "[]");
        let urls = ["/d/f.h5::/1.1", "/d/f.h5::/1.2"].map(str::to_owned);
        assert_eq!(list(&urls), "['/d/f.h5::/1.1', '/d/f.h5::/1.2']");
    }

    #[test]
    fn delays_may_be_negative_or_unknown() {
        let micros = |micros| delay(Some(TimeDelta::microseconds(micros)));
        assert_eq!(micros(44_617), "0:00:00.044617");
        assert_eq!(micros(-1_000_775), "-0:00:01.000775");
        assert_eq!(micros(86_401_000_000), "1 day, 0:00:01");
        assert_eq!(delay(None), "NaN");
    }

    #[test]
    fn system_errors_have_their_class_number_and_path() {
        let shown = |number| {
            let error = io::Error::from_raw_os_error(number);
            system_error(&error, Path::new("/x/it's"), "makedirs").to_string()
        };
        assert_eq!(
            shown(13),
            "PermissionError: [Errno 13] Permission denied: \"/x/it's\"\n"
        );
        assert_eq!(
            shown(17),
            "FileExistsError: [Errno 17] File exists: \"/x/it's\"\n"
        );
        assert_eq!(
            shown(28),
            "OSError: [Errno 28] No space left on device: \"/x/it's\"\n"
        );
    }
}
