//! Compresses the files that are served, and lists them for `src/page.rs` and `src/h5web.rs`.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use libdeflater::{CompressionLvl, Compressor};

/// The folder of the page.
const PAGE: &str = "page";

/// A variable with the folder of H5Web.
const H5WEB: &str = "NEXUS_WRITER_H5WEB";

/// The names of files that browsers ask for, and of licences, end with one of these. Other files are for developers.
const SERVED: [&str; 4] = ["html", "css", "js", "txt"];

fn main() -> Result<(), Box<dyn Error>> {
    let page = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join(PAGE);
    list_files(&page, "page")?;
    println!("cargo::rerun-if-env-changed={H5WEB}");
    if env::var_os("CARGO_FEATURE_H5WEB").is_some() {
        let folder = variable(H5WEB);
        let folder = folder.map_err(|error| format!("{error} (`./dev package h5web` makes it)"))?;
        list_files(Path::new(&folder), "h5web")?;
    }
    Ok(())
}

/// Compresses the files of a folder, and writes `NAME.rs`, an expression that is the list of them.
fn list_files(folder: &Path, name: &str) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let output = PathBuf::from(variable("OUT_DIR")?);
    let mut paths = Vec::new();
    find_files(folder, &mut paths)?;
    paths.sort();
    let mut list = String::from("[\n");
    for path in &paths {
        let inside = path.strip_prefix(folder)?;
        let inside = inside.to_str().ok_or("a path that is not UTF-8")?;
        let compressed = output.join(format!("{name}-{}.gz", inside.replace('/', "-")));
        fs::write(&compressed, gzip(&fs::read(path)?)?)?;
        writeln!(
            list,
            "ServedFile {{ path: {inside:?}, content: include_bytes!({path:?}), gzip: include_bytes!({compressed:?}) }},"
        )?;
    }
    list.push(']');
    fs::write(output.join(format!("{name}.rs")), list)?;
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
