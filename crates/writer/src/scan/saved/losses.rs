//! What a stream lost.

use crate::scan::account::Account;
use crate::scan::problem::ScanProblem;
use crate::source::SourceEvent;

/// Losses of a stream are reported once, wherever it goes.
pub fn report(stream: &str, event: &SourceEvent, account: &mut Account) {
    let stream = stream.to_owned();
    if let SourceEvent::Lost { count, reason, .. } = event {
        account.figures().lost(reason, *count);
    }
    match event {
        SourceEvent::Lost {
            first,
            count: 0,
            reason,
            ..
        } => account.problem(ScanProblem::StreamDamaged {
            stream,
            point: *first,
            source: reason.clone(),
        }),
        SourceEvent::Lost {
            first,
            count,
            reason,
            ..
        } => account.problem(ScanProblem::PointsLost {
            stream,
            first: *first,
            end: first + count,
            source: reason.clone(),
        }),
        SourceEvent::End {
            total,
            sealed: false,
            ..
        } => account.problem(ScanProblem::StreamNotSealed {
            stream,
            points: *total,
        }),
        _ => {}
    }
}
