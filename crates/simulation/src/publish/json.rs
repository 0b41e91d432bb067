//! JSON as Python writes it, so that a document has the length that blissdata computes.

use std::io;

use serde::Serialize;
use serde_json::ser::Formatter;

/// `value` as `json.dumps` of Python writes it: a space after `,` and `:`, and only ASCII.
/// Numbers that are not finite become `null`.
pub fn to_python(value: &impl Serialize) -> serde_json::Result<String> {
    let mut text = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(
        &mut text, Python,
    ))?;
    // Only ASCII is ever written.
    Ok(String::from_utf8_lossy(&text).into_owned())
}

struct Python;

impl Formatter for Python {
    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        w: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first { Ok(()) } else { w.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        w: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first { Ok(()) } else { w.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, w: &mut W) -> io::Result<()> {
        w.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        w: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for part in fragment.split_inclusive(|c: char| !c.is_ascii()) {
            let plain = part.trim_end_matches(|c: char| !c.is_ascii());
            w.write_all(plain.as_bytes())?;
            for unit in part[plain.len()..].encode_utf16() {
                write!(w, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn writes_like_python() {
        let value = json!({"a": [1, 2.5, null], "µ": "é😀\n\"\u{7f}", "e": {}, "l": []});
        let expected =
            r#"{"a": [1, 2.5, null], "\u00b5": "\u00e9\ud83d\ude00\n\"*", "e": {}, "l": []}"#;
        assert_eq!(to_python(&value).unwrap(), expected.replace('*', "\u{7f}"));
        assert_eq!(to_python(&[f64::NAN, 1.0]).unwrap(), "[null, 1.0]");
    }
}
