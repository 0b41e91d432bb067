//! File name patterns: printf style (Lima 1) and Python format style (early Lima 2).

use crate::detector::FrameSourceError;

/// Formats a printf pattern that takes one integer, by the rules of Python's `%` operator. A
/// pattern without conversion is a plain file name.
///
/// # Errors
/// If the pattern has another conversion, or more than one.
pub fn format_printf(pattern: &str, number: i64) -> Result<String, FrameSourceError> {
    let error = |problem| FrameSourceError::Pattern {
        pattern: pattern.to_owned(),
        problem,
    };
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut converted = false;
    let mut rest = pattern;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let (spec, after) = Conversion::parse(rest).map_err(error)?;
        if converted {
            return Err(error("more than one conversion"));
        }
        converted = true;
        spec.write(number, &mut out);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// Widths beyond this are no file names, and would only make us allocate.
const MAX_WIDTH: usize = 255;

#[derive(Default)]
struct Conversion {
    left: bool,
    zero: bool,
    sign: Option<char>,
    width: usize,
    precision: usize,
}

impl Conversion {
    /// Parses what follows the percent sign, up to and including the conversion letter.
    fn parse(text: &str) -> Result<(Conversion, &str), &'static str> {
        let mut spec = Conversion::default();
        let flags = text
            .find(|c| !"-+ 0#".contains(c))
            .ok_or("incomplete conversion")?;
        for flag in text[..flags].chars() {
            match flag {
                '-' => spec.left = true,
                '0' => spec.zero = true,
                '+' => spec.sign = Some('+'),
                ' ' if spec.sign.is_none() => spec.sign = Some(' '),
                _ => {}
            }
        }
        let (width, mut rest) = number(&text[flags..])?;
        spec.width = width;
        let mut precise = false;
        if let Some(after) = rest.strip_prefix('.') {
            (spec.precision, rest) = number(after)?;
            precise = true;
        }
        let letter = rest.chars().next().ok_or("incomplete conversion")?;
        match letter {
            'd' | 'i' | 'u' => {}
            // Of a text Python ignores sign and zero flags.
            's' if !precise => {
                spec.sign = None;
                spec.zero = false;
            }
            _ => return Err("not one integer conversion (an unescaped %?)"),
        }
        Ok((spec, &rest[1..]))
    }

    fn write(&self, number: i64, out: &mut String) {
        let digits = format!(
            "{:0>precision$}",
            number.unsigned_abs(),
            precision = self.precision
        );
        let sign = if number < 0 { Some('-') } else { self.sign };
        let missing = self
            .width
            .saturating_sub(digits.len() + usize::from(sign.is_some()));
        let (spaces, zeros) = match self.zero && !self.left {
            true => (0, missing),
            false => (missing, 0),
        };
        if !self.left {
            out.extend(std::iter::repeat_n(' ', spaces));
        }
        out.extend(sign);
        out.extend(std::iter::repeat_n('0', zeros));
        out.push_str(&digits);
        if self.left {
            out.extend(std::iter::repeat_n(' ', spaces));
        }
    }
}

fn number(text: &str) -> Result<(usize, &str), &'static str> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    if end == 0 {
        return Ok((0, text));
    }
    match text[..end].parse() {
        Ok(width) if width <= MAX_WIDTH => Ok((width, &text[end..])),
        _ => Err("a width beyond any file name"),
    }
}

/// Formats a template with fields in braces, by the rules of Python's `str.format`. `field` returns the value
/// of a field.
///
/// # Errors
/// If the template is malformed, has a field that `field` does not know, or a format that is not one of
/// `s`, `d` and a width.
pub fn format_braces(
    template: &str,
    field: impl Fn(&str) -> Option<TemplateValue>,
) -> Result<String, FrameSourceError> {
    let error = |problem| FrameSourceError::Pattern {
        pattern: template.to_owned(),
        problem,
    };
    let mut out = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            out.push_str(brace);
            rest = after;
            continue;
        }
        if brace == "}" {
            return Err(error("single } in the template"));
        }
        let end = rest
            .find('}')
            .ok_or_else(|| error("a { that is not closed"))?;
        let (name, spec) = rest[..end].split_once(':').unwrap_or((&rest[..end], ""));
        match field(name).ok_or_else(|| error("a field that is not known"))? {
            TemplateValue::Text(text) if spec.is_empty() || spec == "s" => out.push_str(&text),
            TemplateValue::Text(_) => return Err(error("a format of text that is not supported")),
            TemplateValue::Number(number) => {
                let digits = spec.strip_suffix('d').unwrap_or(spec);
                let zero = digits.starts_with('0');
                if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
                    return Err(error("a format of numbers that is not supported"));
                }
                let (width, _) = self::number(digits).map_err(error)?;
                Conversion {
                    zero,
                    width,
                    ..Conversion::default()
                }
                .write(number, &mut out);
            }
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// Value of a field of a template.
pub enum TemplateValue {
    /// Text.
    Text(String),
    /// A number.
    Number(i64),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_as_python_formats_them() {
        for (pattern, number, expected) in [
            ("/a/cam_%04d.h5", 7, "/a/cam_0007.h5"),
            ("%04d", 12345, "12345"),
            ("%d", -3, "-3"),
            ("%05d", -3, "-0003"),
            ("%+d", 3, "+3"),
            ("%-4d|", 3, "3   |"),
            ("%4i|", 3, "   3|"),
            ("% u", 3, " 3"),
            ("%.3d", 3, "003"),
            ("%6.3d", -3, "  -003"),
            ("%06.3d", 3, "000003"),
            ("%s", 3, "3"),
            ("%04s", 3, "   3"),
            ("50%%_%d", 1, "50%_1"),
            ("plain.h5", 1, "plain.h5"),
            ("\u{e9}_%d", 1, "\u{e9}_1"),
        ] {
            assert_eq!(
                format_printf(pattern, number).as_deref(),
                Ok(expected),
                "{pattern}"
            );
        }
    }

    #[test]
    fn patterns_that_are_no_pattern() {
        for pattern in [
            "%", "a%", "%d%d", "50%/%04d", "%x", "%.2s", "%04", "%999999d", "%\u{e9}",
        ] {
            assert!(format_printf(pattern, 1).is_err(), "{pattern}");
        }
    }

    #[test]
    fn templates() {
        let field = |name: &str| match name {
            "prefix" => Some(TemplateValue::Text("cam".to_owned())),
            "number" => Some(TemplateValue::Number(42)),
            _ => None,
        };
        let template = "{prefix}_{number:05d}_{number}_{{x}}.h5";
        assert_eq!(
            format_braces(template, field).as_deref(),
            Ok("cam_00042_42_{x}.h5")
        );
        for template in [
            "{other}",
            "{prefix",
            "}",
            "{number:x}",
            "{prefix:>9}",
            "{number:99999d}",
        ] {
            assert!(format_braces(template, field).is_err(), "{template}");
        }
    }
}
