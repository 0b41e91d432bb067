//! What the scans of a data store have in their spools.

use std::sync::Arc;

use async_trait::async_trait;
use blissdata::document::ScanDocument;
use blissdata::spool::{self as recording, Recorder};
use blissdata::store::{DataStore, ScanKey};
use observation::with_causes;
use redis_client::Command;
use spool::ScanSpool;
use tracing::debug;

use super::summary;
use crate::source::spools::SpoolingModel;
use crate::source::{SpooledScan, UnreadStream};

/// A data store whose scans may be spooled.
#[derive(Debug)]
pub struct SpoolingStore(pub DataStore);

#[async_trait(?Send)]
impl SpoolingModel for SpoolingStore {
    type Notes = ();

    fn server(&self) -> String {
        self.0.url().to_string()
    }

    fn describe(&self, spooled: &spool::SpooledScan) -> Option<SpooledScan> {
        let key = ScanKey::from_pk(&spooled.scan);
        // Every recorder has written the key of the scan, and each data model has other ones.
        (spooled.about.get("scan")?.as_str()? == key.as_str()).then_some(())?;
        let document = ScanDocument::parse(&key, &spooled.document).ok()?;
        Some(SpooledScan {
            summary: summary::of_document(&document),
            info: document.info,
        })
    }

    async fn has(&self, scan: &str) -> bool {
        let exists = Command::new("EXISTS").arg(ScanKey::from_pk(scan).as_str());
        let reply = self.0.call_once(&exists).await;
        reply.is_ok_and(|reply| reply.as_int() == Some(1))
    }

    async fn record(
        &self,
        spool: &Arc<ScanSpool>,
        _notes: Arc<()>,
        unread: Box<dyn Fn() -> Vec<UnreadStream>>,
    ) {
        let converted = |stream: UnreadStream| recording::UnreadStream {
            name: stream.name,
            from: stream.from,
            is_points: stream.is_points,
        };
        let recorder = Recorder::new(&self.0, spool);
        recorder
            .run(|| unread().into_iter().map(converted).collect())
            .await;
    }

    async fn unmark(&self, scan: &str) {
        let scan = ScanKey::from_pk(scan);
        if let Err(error) = self.0.unmark_spooled(&scan).await {
            debug!("the mark of the scan runs out: {}", with_causes(&error));
        }
    }
}
