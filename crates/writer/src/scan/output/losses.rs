//! Reports lost points of streams.

use crate::scan::diagnostics::Diagnostics;
use crate::scan::problem::ScanProblem;
use crate::source::SourceEvent;

/// Reports and counts the loss that an event means, if any: once per stream, not per dataset.
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
