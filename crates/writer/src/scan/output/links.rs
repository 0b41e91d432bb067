//! Makes the links that other files hold.

use super::ScanOutput;
use crate::scan::diagnostics::Diagnostics;
use crate::scan::entry_links::{self, LinkFile, LinkRequest};
use crate::scan::problem::ScanProblem;

impl ScanOutput {
    /// Makes links. Those that cannot be made now are remembered, and are problems at the end of the scan unless
    /// they are requested again.
    pub async fn make_links(&mut self, request: LinkRequest, diagnostics: &mut Diagnostics) {
        let mut refused = Vec::new();
        for LinkFile { links, claim } in request.files {
            self.failed_links.retain(|(link, _)| !links.contains(link));
            let failed = match claim {
                Ok(claim) => {
                    let failed = entry_links::create(
                        &self.context,
                        &claim,
                        links,
                        &self.header,
                        diagnostics,
                    )
                    .await;
                    refused.extend(failed.iter().map(|(link, _)| link.clone()));
                    failed
                }
                Err(claim) => {
                    let problem = |link| {
                        (
                            link,
                            ScanProblem::FileClaimed {
                                claim: claim.clone(),
                            },
                        )
                    };
                    links.into_iter().map(problem).collect()
                }
            };
            self.failed_links.extend(failed);
        }
        request.refused.keep(Ok(refused));
    }
}
