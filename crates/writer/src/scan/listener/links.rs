//! Has the links made that other files hold.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hub::AsyncResult;

use super::{ListenerState, no_answer};
use crate::layout::EntryLink;
use crate::scan::entry_links::{LinkFile, LinkRequest};
use crate::scan::file_claims::FileClaims;
use crate::scan::update::ScanUpdate;
use crate::subscriber::{Consumer, Context, Fault};

/// How long a scan that has ended waits for files that other writers have claimed. They have them for the moment
/// in which they make a link, unless such a file is also one of their own.
const CLAIM_TIME: Duration = Duration::from_secs(5);

/// How often such a file is asked for.
const CLAIM_POLL: Duration = Duration::from_millis(250);

/// The links to a scan that are still to be made.
#[derive(Default)]
pub(super) struct Links {
    /// Links in files that another writer had claimed.
    held: Vec<EntryLink>,
    /// Receives the links that were requested and could not be made.
    refused: Option<AsyncResult<Vec<EntryLink>, Fault>>,
}

impl<C: Consumer<Event = ScanUpdate>> ListenerState<'_, C> {
    /// Has links made in those files that no other writer has claimed. Waits for none of them.
    pub(super) async fn request_links(&mut self, links: Vec<EntryLink>) -> Result<(), Fault> {
        if links.is_empty() {
            return Ok(());
        }
        let mut files = BTreeMap::<String, Vec<EntryLink>>::new();
        for link in links {
            files.entry(link.file.clone()).or_default().push(link);
        }
        let refused = AsyncResult::new();
        let mut request = LinkRequest {
            files: Vec::new(),
            refused: refused.promise(no_answer()),
        };
        for (file, links) in files {
            let mut claims = FileClaims::of(&file);
            // The claims of several files are never waited for, so two writers do not wait for each other.
            let claim = match claims.acquire(&*self.scan.store).await {
                Ok(()) => Ok(claims.leases()),
                Err(problem) => {
                    self.links.held.extend(links.iter().cloned());
                    Err(problem.to_string())
                }
            };
            let used = refused.clone();
            self.claims
                .release_after(claims, async move { used.wait().await });
            request.files.push(LinkFile { links, claim });
        }
        self.links.refused = Some(refused);
        self.send(ScanUpdate::Links(request)).await
    }

    /// Tries once more to have the links made that could not be made when the scan began, and waits a while for
    /// files that other writers have claimed. What is left then is a problem of the scan.
    pub(super) async fn finish_links(&mut self, context: &Context) -> Result<(), Fault> {
        let deadline = Instant::now() + CLAIM_TIME;
        let mut left = self.refused_links().await;
        left.append(&mut self.links.held);
        while !left.is_empty() {
            self.request_links(left).await?;
            // The scan waits for its end in any case. A file that is locked is not tried a third time.
            self.refused_links().await;
            left = std::mem::take(&mut self.links.held);
            if context.stopping().is_set() || Instant::now() > deadline {
                break;
            }
            if !left.is_empty() {
                context.stopping().wait_timeout(CLAIM_POLL).await;
            }
        }
        Ok(())
    }

    /// Waits for the answer to the last request, if there was one.
    async fn refused_links(&mut self) -> Vec<EntryLink> {
        match self.links.refused.take() {
            // A consumer that does not answer has ended, or has no files.
            Some(refused) => refused.take().await.unwrap_or_default(),
            None => Vec::new(),
        }
    }
}
