//! What a stream lost.

use crate::scan::diagnostics::Diagnostics;
use crate::scan::problem::ScanProblem;
use crate::source::SourceEvent;

/// Losses of a stream are reported once, wherever it goes.
pub fn report(stream: &str, event: &SourceEvent, diagnostics: &mut Diagnostics) {
    let stream = stream.to_owned();
    if let SourceEvent::Lost { count, reason, .. } = event {
        diagnostics.figures().lost(reason, *count);
    }
    match event {
        SourceEvent::Lost {
            first,
            count: 0,
            reason,
            ..
        } => diagnostics.problem(ScanProblem::StreamDamaged {
            stream,
            point: *first,
            source: reason.clone(),
        }),
        SourceEvent::Lost {
            first,
            count,
            reason,
            ..
        } => diagnostics.problem(ScanProblem::PointsLost {
            stream,
            first: *first,
            end: first + count,
            source: reason.clone(),
        }),
        SourceEvent::End {
            total,
            sealed: false,
            ..
        } => diagnostics.problem(ScanProblem::StreamNotSealed {
            stream,
            points: *total,
        }),
        _ => {}
    }
}
