//! Patterns of file names, in the styles of printf and of Python.
#![no_main]

use acquisition::{TemplateValue, format_braces, format_printf};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (i64, &str)| {
    let (number, pattern) = input;
    if let Ok(name) = format_printf(pattern, number) {
        assert!(name.len() <= pattern.len() + 300);
    }
    let values = |name: &str| match name {
        "file_number" => Some(TemplateValue::Number(number)),
        _ => None,
    };
    // The reason of an error has nothing to check.
    format_braces(pattern, values).ok();
});
