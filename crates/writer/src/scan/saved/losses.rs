//! What a stream lost, in words.

use blissdata::reader::{LossReason, ScanEvent as StreamEvent};

use crate::scan::account::Account;

/// Losses of a stream are told once, wherever it goes.
pub fn tell(stream: &str, event: &StreamEvent, account: &mut Account) {
    match event {
        StreamEvent::Lost {
            first,
            count,
            reason,
            ..
        } => {
            let reason = match reason {
                LossReason::Trimmed => "Redis no longer has them".to_owned(),
                LossReason::Corrupt(problem) => format!("their entry is corrupt: {problem}"),
                LossReason::StatusTrimmed => "the number of frames is not known".to_owned(),
                LossReason::InconsistentSeal { declared } => {
                    format!("the publisher declares {declared} points only")
                }
                other => format!("{other:?}"),
            };
            let last = first + count;
            match count {
                0 => account.problem(format_args!("stream {stream:?} at point {first}: {reason}")),
                _ => account.problem(format_args!(
                    "stream {stream:?}: points {first}..{last} are lost: {reason}"
                )),
            }
        }
        StreamEvent::End {
            total,
            sealed: false,
            ..
        } => account.problem(format_args!(
            "stream {stream:?} was not sealed: it may have had more than {total} points"
        )),
        _ => {}
    }
}
