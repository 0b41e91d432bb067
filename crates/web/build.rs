//! Compresses the files of the page, and lists them for `src/page.rs`.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use libdeflater::{CompressionLvl, Compressor};

/// The folder of the page, whose other files are for those who develop it.
const PAGE: &str = "page";

/// The names of files that browsers ask for end with one of these.
const SERVED: [&str; 3] = ["html", "css", "js"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={PAGE}");
    let crate_folder = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let output = PathBuf::from(variable("OUT_DIR")?);
    let page = crate_folder.join(PAGE);
    let mut paths = Vec::new();
    find_files(&page, &mut paths)?;
    paths.sort();
    let mut list = String::from("[\n");
    for path in &paths {
        let name = path.strip_prefix(&page)?;
        let name = name.to_str().ok_or("a path that is not UTF-8")?;
        let compressed = output.join(format!("{}.gz", name.replace('/', "-")));
        fs::write(&compressed, gzip(&fs::read(path)?)?)?;
        writeln!(
            list,
            "PageFile {{ path: {name:?}, content: include_bytes!({path:?}), gzip: include_bytes!({compressed:?}) }},"
        )?;
    }
    list.push(']');
    fs::write(output.join("page_files.rs"), list)?;
    Ok(())
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}"))
}

fn find_files(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if path.is_dir() {
            find_files(&path, found)?;
        } else if extension.is_some_and(|extension| SERVED.contains(&extension)) {
            found.push(path);
        }
    }
    Ok(())
}

fn gzip(content: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut compressor = Compressor::new(CompressionLvl::best());
    let mut compressed = vec![0; compressor.gzip_compress_bound(content.len())];
    let size = compressor.gzip_compress(content, &mut compressed)?;
    compressed.truncate(size);
    Ok(compressed)
}
