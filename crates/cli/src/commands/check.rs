//! `check`: whether files hold what was published, and can be read.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use writer::check::{Checker, FileCheck, Finding, ScanCheck, Severity, Standing};

use writer::source::ScanStore;
use writer::source::blissdata::scan_store;

use super::tree::print;
use super::{Outcome, connect};
use crate::exit;

/// Findings of one scan that are shown; the JSON form has all.
const SHOWN: usize = 20;

/// Checks the files one by one and tells what was found.
pub async fn check(files: Vec<PathBuf>, redis: Option<String>, json: bool) -> Outcome {
    let store = match &redis {
        Some(url) => {
            let store = connect::now(&connect::find(Some(url)).await?).await?;
            Some(scan_store(&store))
        }
        None => None,
    };
    let mut good = true;
    for file in &files {
        let check = check_file(file, store.as_deref()).await;
        good &= check.is_good();
        print(&match json {
            true => format!("{}\n", check.to_json()),
            false => tell(&check),
        })?;
    }
    Ok(match good {
        true => exit::SUCCESS,
        false => ExitCode::from(exit::FAILED),
    })
}

async fn check_file(file: &Path, store: Option<&dyn ScanStore>) -> FileCheck {
    let mut checker = match Checker::open(file) {
        Ok(checker) => checker,
        Err(error) => return FileCheck::unreadable(file, &error),
    };
    let mut check = checker.check();
    if let Some(store) = store {
        checker.compare(store, &mut check).await;
    }
    check
}

fn tell(check: &FileCheck) -> String {
    let verdict = match check.is_good() {
        true => "good",
        false => "NOT GOOD",
    };
    let mut text = format!("{}: {verdict}\n", check.file.display());
    findings(&mut text, &check.findings);
    for scan in &check.scans {
        text += &format!("  {}  {}\n", scan.name, about(scan));
        findings(&mut text, &scan.findings);
    }
    text
}

fn about(scan: &ScanCheck) -> String {
    let problems = scan
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Problem)
        .count();
    let mut about = match (scan.standing, problems) {
        (Standing::Running, _) => "NOT FINISHED: still running, or its writer died".to_owned(),
        (Standing::Unrecorded, _) => "NOT VERIFIED: no record of completeness".to_owned(),
        (_, 0) => "complete".to_owned(),
        (_, 1) => "1 PROBLEM".to_owned(),
        (_, several) => format!("{several} PROBLEMS"),
    };
    let told = match (&scan.scan, scan.compared) {
        (None, _) => Ok(()),
        (Some(_), 0) => write!(about, ", {} streams, {} points", scan.streams, scan.points),
        (Some(_), compared) => write!(
            about,
            ", {} streams, {} points, {compared} compared with Redis",
            scan.streams, scan.points
        ),
    };
    match told {
        Ok(()) => about,
        Err(error) => error.to_string(),
    }
}

fn findings(text: &mut String, findings: &[Finding]) {
    for finding in findings.iter().take(SHOWN) {
        let severity = match finding.severity {
            Severity::Problem => "problem",
            Severity::Note => "note   ",
        };
        *text += &format!("    {severity}  {}: {}\n", finding.path, finding.text);
    }
    if findings.len() > SHOWN {
        *text += &format!("    and {} more\n", findings.len() - SHOWN);
    }
}
