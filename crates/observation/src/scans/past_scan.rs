//! The last scans that were saved.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::referred_files::ReferredFiles;
use super::view::{ScanEntry, ScanRef};
use crate::figures::session::ScanOutcome;

/// The most past scans that are remembered.
pub const MAX_PAST_SCANS: usize = 10_000;

/// What their texts may need, in bytes: 10,000 usual scans need less.
const MAX_PAST_BYTES: usize = 8 << 20;

/// The most warnings of a past scan that are remembered.
pub(super) const MAX_WARNINGS: usize = 20;

/// The most characters of a text that are remembered.
pub(super) const MAX_TEXT: usize = 500;

/// A scan whose saving has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct PastScan {
    /// Its number among the scans of the process, in the order of their beginning.
    pub number: u64,
    /// What it is called.
    pub name: ScanRef,
    /// Its title.
    pub title: String,
    /// How its saving ended.
    pub outcome: ScanOutcome,
    /// Why it is not complete, or a statement that it is.
    pub reason: String,
    /// When its saving began.
    pub started: SystemTime,
    /// When its saving ended.
    pub ended: SystemTime,
    /// Time between these two.
    pub duration: Duration,
    /// Points of the dataset that has the most.
    pub points: u64,
    /// Bytes of the points of all datasets. They are not known of scans that an earlier process has saved.
    pub bytes: Option<u64>,
    /// Points that came too late or were no data, of all channels.
    pub lost: u64,
    /// Why the first of these are lost.
    pub loss_reason: Option<String>,
    /// The entries that it was saved in.
    pub entries: Vec<ScanEntry>,
    /// Files that belong to it besides those with its entries.
    pub referred: ReferredFiles,
    /// The first warnings.
    pub warnings: Vec<String>,
}

/// What a writer says at the end of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanEnding {
    /// How the saving has ended.
    pub outcome: ScanOutcome,
    /// Why it is not complete, or a statement that it is.
    pub reason: String,
    /// How long it has taken.
    pub duration: Duration,
}

/// The last scans, by number.
#[derive(Debug, Default)]
pub(super) struct PastScans {
    scans: BTreeMap<u64, Arc<PastScan>>,
    bytes: usize,
}

impl PastScans {
    /// Adds a scan. The oldest ones are forgotten when there are too many.
    pub fn add(&mut self, scan: Arc<PastScan>) {
        self.bytes += scan.size();
        self.scans.insert(scan.number, scan);
        while self.scans.len() > MAX_PAST_SCANS || self.bytes > MAX_PAST_BYTES {
            let Some((_, oldest)) = self.scans.pop_first() else {
                break;
            };
            self.bytes -= oldest.size();
        }
    }

    /// Forgets a scan that an earlier process has saved, if there is one of this key.
    pub fn forget_earlier(&mut self, key: &str) {
        let mut earlier = self.scans.range(..=MAX_PAST_SCANS as u64);
        let found = earlier.find(|(_, scan)| scan.name.key == key);
        if let Some(scan) = found
            .map(|(number, _)| *number)
            .and_then(|number| self.scans.remove(&number))
        {
            self.bytes -= scan.size();
        }
    }

    /// Returns `true` if there is a scan of this number.
    pub fn has(&self, number: u64) -> bool {
        self.scans.contains_key(&number)
    }

    /// Returns the scans that began before the one with this number, the newest first.
    pub fn before(&self, number: u64) -> impl Iterator<Item = &Arc<PastScan>> {
        self.scans.range(..number).rev().map(|(_, scan)| scan)
    }

    /// Looks for the newest scan of this key.
    pub fn find(&self, key: &str) -> Option<&Arc<PastScan>> {
        self.before(u64::MAX).find(|scan| scan.name.key == key)
    }
}

impl PastScan {
    /// Cuts its texts.
    pub(super) fn shorten(&mut self) {
        let reasons = self.loss_reason.iter_mut().chain([&mut self.reason]);
        for text in reasons.chain([&mut self.title]) {
            *text = shortened(mem::take(text));
        }
        self.warnings.truncate(MAX_WARNINGS);
        for text in &mut self.warnings {
            *text = shortened(mem::take(text));
        }
    }

    /// Returns about how many bytes it needs.
    fn size(&self) -> usize {
        let name = &self.name;
        let session = name.session.as_ref().map_or(0, String::len);
        let entry = |entry: &ScanEntry| {
            size_of::<ScanEntry>() + entry.file.as_os_str().len() + entry.entry.len()
        };
        let warning = |text: &String| size_of::<String>() + text.len();
        size_of::<PastScan>()
            + name.key.len()
            + name.name.len()
            + session
            + self.title.len()
            + self.reason.len()
            + self.loss_reason.as_ref().map_or(0, String::len)
            + self.entries.iter().map(entry).sum::<usize>()
            + self.referred.size()
            + self.warnings.iter().map(warning).sum::<usize>()
    }
}

/// Returns the first characters of a text.
fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_TEXT) {
        text.truncate(end);
        text.push('…');
    }
    text.shrink_to_fit();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(number: u64, warnings: Vec<String>) -> Arc<PastScan> {
        Arc::new(PastScan {
            number,
            name: ScanRef {
                key: format!("esrf:scan:01KFXHT2P{number:017}"),
                session: Some("demo_session".to_owned()),
                name: format!("{number}_ascan"),
                number: Some(number),
            },
            title: "ascan samy 0 1 100 0.1".to_owned(),
            outcome: ScanOutcome::Complete,
            reason: "saving complete".to_owned(),
            started: SystemTime::UNIX_EPOCH,
            ended: SystemTime::UNIX_EPOCH,
            duration: Duration::ZERO,
            points: 101,
            bytes: Some(808),
            lost: 0,
            loss_reason: None,
            entries: vec![ScanEntry {
                file: "/data/visitor/ma1234/id00/20261130/sample/dataset/dataset.h5".into(),
                entry: "12.1".to_owned(),
            }],
            referred: ReferredFiles::default(),
            warnings,
        })
    }

    #[test]
    fn usual_scans_are_remembered_until_there_are_ten_thousand() {
        let mut past = PastScans::default();
        for number in 1..=12_000 {
            past.add(scan(number, Vec::new()));
        }
        assert_eq!(past.scans.len(), MAX_PAST_SCANS);
        assert!(past.bytes < 6 << 20, "{}", past.bytes);
        let numbers: Vec<u64> = past.before(5_000).map(|scan| scan.number).collect();
        assert_eq!((numbers[0], numbers[2_998]), (4_999, 2_001));
        assert_eq!(numbers.len(), 2_999);
        assert_eq!(
            past.find(&scan(12_000, Vec::new()).name.key)
                .unwrap()
                .points,
            101
        );
        assert!(past.find("esrf:scan:none").is_none());
    }

    #[test]
    fn long_texts_do_not_fill_the_memory() {
        let mut past = PastScans::default();
        for number in 1..=MAX_PAST_SCANS as u64 {
            past.add(scan(number, vec!["w".repeat(MAX_TEXT); MAX_WARNINGS]));
        }
        assert!(past.bytes <= MAX_PAST_BYTES);
        assert!(past.scans.len() < MAX_PAST_SCANS / 5);
        assert!(past.scans.contains_key(&(MAX_PAST_SCANS as u64)));
    }

    #[test]
    fn texts_are_cut_between_characters() {
        let text = shortened("ü".repeat(600));
        assert_eq!(text.chars().count(), MAX_TEXT + 1);
        assert!(text.ends_with("ü…"));
        assert_eq!(shortened("short".to_owned()), "short");
    }
}
