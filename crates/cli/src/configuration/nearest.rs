//! Finds the setting that somebody has probably meant.

use std::cmp::Reverse;

use super::setting::{Catalogue, name_of, table_of};

/// Returns the key of the setting that is nearest to an unknown key, which is `table.name`, or a name alone.
pub fn nearest<'a>(catalogue: &'a Catalogue, unknown: &str) -> Option<&'a str> {
    let table = table_of(unknown);
    let name = name_of(unknown).replace('_', "-").to_ascii_lowercase();
    let distance = |key: &str| {
        let settings = catalogue.get(key).unwrap_or_default();
        let is_option = settings
            .iter()
            .any(|found| found.setting.arg().get_long() == Some(name.as_str()));
        match is_option {
            // The name of the option is not the nearest text, but what is meant.
            true => 0,
            false => strsim::damerau_levenshtein(name_of(key), &name),
        }
    };
    // Of equally near names, that in the same table is meant, or in one with a name like it.
    catalogue.keys().min_by_key(|key| {
        (
            distance(key),
            strsim::damerau_levenshtein(table_of(key), table),
        )
    })
}

/// Returns the name of the table that is nearest to an unknown one: of those with the longest beginning in common, the one
/// with the fewest other letters.
pub fn nearest_table<'a>(catalogue: &'a Catalogue, unknown: &str) -> Option<&'a str> {
    let tables = catalogue.keys().map(table_of);
    tables.chain(["session"]).min_by_key(|table| {
        let same = table.chars().zip(unknown.chars());
        let begin = same.take_while(|(one, other)| one == other).count();
        (Reverse(begin), strsim::damerau_levenshtein(table, unknown))
    })
}
