//! JSON as Python writes it.
//!
//! Python's `json` module writes `NaN`, `Infinity` and `-Infinity`, which are not JSON, and half
//! surrogates (`"\ud800"`), which are not Unicode. [`parse`] takes them: the numbers become
//! `null`, because [`serde_json::Value`] cannot hold them, and [`ParsedJson::non_finite`] counts
//! them, so that who must keep such values apart from `null` can go back to the text; the half
//! surrogates become U+FFFD.

use std::borrow::Cow;

use serde_json::Value;

/// A text that is not even JSON as Python writes it.
#[derive(Debug, thiserror::Error)]
#[error("invalid JSON")]
pub struct JsonError(#[from] serde_json::Error);

/// A parsed JSON text.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedJson {
    /// The value; `null` for each number that is not finite.
    pub value: Value,
    /// How many numbers were not finite.
    pub non_finite: usize,
}

/// Parses JSON with the liberties of Python.
///
/// ```
/// let parsed = blissdata::json::parse(br#"{"a": [NaN, "NaN"]}"#)?;
/// assert_eq!(parsed.value, serde_json::json!({"a": [null, "NaN"]}));
/// assert_eq!(parsed.non_finite, 1);
/// # Ok::<(), blissdata::json::JsonError>(())
/// ```
pub fn parse(text: &[u8]) -> Result<ParsedJson, JsonError> {
    // Nearly every text is proper JSON: no second look then.
    let error = match serde_json::from_slice(text) {
        Ok(value) => {
            return Ok(ParsedJson {
                value,
                non_finite: 0,
            });
        }
        Err(error) => error,
    };
    match tolerate(text) {
        (Cow::Owned(proper), non_finite) => Ok(ParsedJson {
            value: serde_json::from_slice(&proper)?,
            non_finite,
        }),
        (Cow::Borrowed(_), _) => Err(error.into()),
    }
}

/// The text with what serde_json refuses replaced, and how many numbers that were.
fn tolerate(text: &[u8]) -> (Cow<'_, [u8]>, usize) {
    let mut proper = Vec::new();
    let mut copied = 0;
    let mut non_finite = 0;
    let mut in_string = false;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let (taken, replacement): (usize, Option<&[u8]>) = match rest[0] {
            b'"' => {
                in_string = !in_string;
                (1, None)
            }
            b'\\' if in_string => match surrogate(rest) {
                Some(Surrogate::Pair) => (12, None),
                Some(Surrogate::Half) => (6, Some(b"\\ufffd")),
                None => (2, None),
            },
            b'N' | b'I' | b'-' if !in_string => {
                let tokens: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];
                match tokens.iter().find(|token| rest.starts_with(token)) {
                    Some(token) => {
                        non_finite += 1;
                        (token.len(), Some(b"null"))
                    }
                    None => (1, None),
                }
            }
            _ => (1, None),
        };
        if let Some(replacement) = replacement {
            proper.extend_from_slice(&text[copied..at]);
            proper.extend_from_slice(replacement);
            copied = at + taken;
        }
        at += taken;
    }
    if copied == 0 {
        return (Cow::Borrowed(text), 0);
    }
    proper.extend_from_slice(&text[copied..]);
    (Cow::Owned(proper), non_finite)
}

enum Surrogate {
    Pair,
    Half,
}

/// What the `\uXXXX` in front of `text` is, if it is a surrogate.
fn surrogate(text: &[u8]) -> Option<Surrogate> {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    match unit(0)? {
        0xD800..=0xDBFF => match unit(6) {
            Some(0xDC00..=0xDFFF) => Some(Surrogate::Pair),
            _ => Some(Surrogate::Half),
        },
        0xDC00..=0xDFFF => Some(Surrogate::Half),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn takes_what_python_writes() {
        let text = br#"{"a": NaN, "b": [Infinity, -Infinity, -1], "NaN\"Infinity": "-Infinity\\"}"#;
        let parsed = parse(text).unwrap();
        assert_eq!(
            parsed.value,
            json!({"a": null, "b": [null, null, -1], "NaN\"Infinity": "-Infinity\\"})
        );
        assert_eq!(parsed.non_finite, 3);

        let text = br#"["\ud800", "\udc00x", "\ud83d\ude00", "\\ud800", "\ud800\ud83d\ude00"]"#;
        let value = parse(text).unwrap().value;
        assert_eq!(
            value,
            json!(["\u{fffd}", "\u{fffd}x", "😀", "\\ud800", "\u{fffd}😀"])
        );
    }

    #[test]
    fn keeps_large_integers_and_exact_floats() {
        let value = parse(b"[18446744073709551615, -9223372036854775808, 0.1, 1e-320]").unwrap();
        assert_eq!(value.value, json!([u64::MAX, i64::MIN, 0.1, 1e-320]));
        // Reading this fast, digits divided by a power of ten, gives another last bit.
        let exact = parse(b"0.9452706955539223").unwrap().value;
        assert_eq!(exact.as_f64(), Some(0.9452706955539223));
    }

    #[test]
    fn refuses_what_python_refuses() {
        for bad in [
            &b""[..],
            b"{",
            b"nan",
            b"[NaN",
            b"{'a': 1}",
            b"[1,]",
            b"NaNNaN",
            b"\"\xff\"",
        ] {
            assert!(parse(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
    }
}
