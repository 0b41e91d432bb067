//! `check`: verifies that files are readable and hold what was published.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use writer::check::{FileCheck, FileChecker, Finding, FindingSeverity, ScanCheck, ScanStatus};
use writer::source::{ModelChoice, ScanStore};

use super::{Outcome, connect};
use crate::args::RedisOrigin;
use crate::exit;
use crate::growing_file::{GrowingFile, LOOK_PERIOD};
use crate::results::print;

/// Largest number of findings of one scan that are printed as text. The JSON form has all.
const MAX_FINDINGS: usize = 20;

/// Checks the files one by one and prints the findings.
pub async fn check(
    files: Vec<PathBuf>,
    redis: Option<String>,
    model: ModelChoice,
    json: bool,
) -> Outcome {
    let store = match redis {
        Some(url) => {
            let url = connect::discover(Some(RedisOrigin::Url(url))).await?;
            Some(connect::scans_now(&url, model).await?)
        }
        None => None,
    };
    let mut good = true;
    for file in &files {
        let check = check_file(file, store.as_deref()).await;
        good &= check.is_good();
        print(&match json {
            true => format!("{}\n", check.to_json()),
            false => to_text(&check),
        })?;
    }
    Ok(match good {
        true => exit::SUCCESS,
        false => ExitCode::from(exit::FAILED),
    })
}

/// Checks a file, again if somebody may be writing it and it looks damaged.
async fn check_file(file: &Path, store: Option<&dyn ScanStore>) -> FileCheck {
    let mut growing = GrowingFile::new(file);
    let mut check = check_once(file, store).await;
    while check.has_problems() && growing.may_change() {
        hub::sleep(LOOK_PERIOD).await;
        let before = check;
        check = check_once(file, store).await;
        check.keep_problems_of_both(&before);
    }
    check
}

async fn check_once(file: &Path, store: Option<&dyn ScanStore>) -> FileCheck {
    let mut checker = match FileChecker::open(file) {
        Ok(checker) => checker,
        Err(error) => return FileCheck::unreadable(file, &error),
    };
    let mut check = checker.check();
    if let Some(store) = store {
        checker.compare(store, &mut check).await;
    }
    check
}

fn to_text(check: &FileCheck) -> String {
    let verdict = match check.is_good() {
        true => "good",
        false => "NOT GOOD",
    };
    let mut text = format!("{}: {verdict}\n", check.file.display());
    append_findings(&mut text, &check.findings);
    for scan in &check.scans {
        text += &format!("  {}  {}\n", scan.name, summary(scan));
        append_findings(&mut text, &scan.findings);
    }
    text
}

fn summary(scan: &ScanCheck) -> String {
    let problems = scan
        .findings
        .iter()
        .filter(|finding| finding.severity == FindingSeverity::Problem)
        .count();
    let mut summary = match (scan.standing, problems) {
        (ScanStatus::Running, _) => "NOT FINISHED: still running, or its writer died".to_owned(),
        (ScanStatus::Unrecorded, _) => "NOT VERIFIED: no record of completeness".to_owned(),
        (_, 0) => "complete".to_owned(),
        (_, 1) => "1 PROBLEM".to_owned(),
        (_, several) => format!("{several} PROBLEMS"),
    };
    let written = match (&scan.scan, scan.compared) {
        (None, _) => Ok(()),
        (Some(_), 0) => write!(
            summary,
            ", {} streams, {} points",
            scan.streams, scan.points
        ),
        (Some(_), compared) => write!(
            summary,
            ", {} streams, {} points, {compared} compared with Redis",
            scan.streams, scan.points
        ),
    };
    match written {
        Ok(()) => summary,
        Err(error) => error.to_string(),
    }
}

fn append_findings(text: &mut String, findings: &[Finding]) {
    for finding in findings.iter().take(MAX_FINDINGS) {
        let severity = match finding.severity {
            FindingSeverity::Problem => "problem",
            FindingSeverity::Note => "note   ",
        };
        *text += &format!("    {severity}  {}: {}\n", finding.path, finding.text);
    }
    if findings.len() > MAX_FINDINGS {
        *text += &format!("    and {} more\n", findings.len() - MAX_FINDINGS);
    }
}
