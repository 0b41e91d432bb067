//! Which documents there are.

use std::fs;
use std::path::{Path, PathBuf};

/// Returns the folder of the project.
pub fn project() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap().to_owned()
}

/// Returns the paths of the README, of the page for contributors, and of all chapters of the handbook, below the
/// folder of the project.
pub fn documents() -> Vec<String> {
    let summary = read("docs/SUMMARY.md");
    let links = summary.split("](").skip(1);
    let chapters = links.map(|rest| format!("docs/{}", rest.split(')').next().unwrap()));
    ["README.md", "CONTRIBUTING.md"]
        .map(str::to_owned)
        .into_iter()
        .chain(chapters)
        .collect()
}

/// Returns the text of a document.
pub fn read(document: &str) -> String {
    let path = project().join(document);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
