//! Queries for parts of a scan's document.

use std::path::PathBuf;

use blissdata::document::{ScanDocument, ScanDocumentError, ScanIdentity};
use blissdata::store::{DataStore, ScanKey};
use redis_client::{Command, Value};
use serde_json::Value as Json;

use super::error::{LookupError, MissingScan};
use crate::source::{ScanHeadline, ScanId, ScanSummary, SourceError, parse_time};

/// Loads the parts of the document that identify the scan.
pub async fn load(store: &DataStore, key: &ScanKey) -> Result<ScanSummary, SourceError> {
    let parts = DocumentParts::load(store, key, &["save", "start_time"]).await?;
    parts.summary()
}

/// Loads the parts of the document that a list of scans shows.
pub async fn headline(store: &DataStore, key: &ScanKey) -> Result<ScanHeadline, SourceError> {
    const FIELDS: [&str; 5] = ["save", "start_time", "title", "data_writer", "end_time"];
    let parts = DocumentParts::load(store, key, &FIELDS).await?;
    Ok(ScanHeadline::of_info(parts.summary()?, &parts.info))
}

/// Parts of the document of a scan.
struct DocumentParts<'k> {
    key: &'k ScanKey,
    identity: Json,
    /// Some fields of the info.
    info: Json,
}

impl DocumentParts<'_> {
    /// Loads the identity, and these fields of the info.
    async fn load<'k>(
        store: &DataStore,
        key: &'k ScanKey,
        fields: &[&str],
    ) -> Result<DocumentParts<'k>, SourceError> {
        let paths = fields.iter().map(|field| format!("$.info.{field}"));
        let command = Command::new("JSON.GET").arg(key.as_str()).arg("$.id");
        let reply = store.call(&command.args(paths)).await;
        let reply = reply.map_err(LookupError::new(key.as_str()))?;
        let Value::Text(text) = reply else {
            return Err(SourceError::missing(MissingScan { key: key.clone() }));
        };
        let mut found: Json =
            serde_json::from_slice(&text).map_err(|error| ScanDocumentError::Json {
                key: key.clone(),
                source: error.into(),
            })?;
        let mut first = |path: &str| {
            found
                .get_mut(path)
                .and_then(|all| all.get_mut(0)?.take().into())
        };
        let identity = first("$.id").unwrap_or_default();
        let info = fields.iter().filter_map(|field| {
            let value = first(&format!("$.info.{field}"))?;
            Some(((*field).to_owned(), value))
        });
        let info = Json::Object(info.collect());
        Ok(DocumentParts {
            key,
            identity,
            info,
        })
    }

    fn summary(&self) -> Result<ScanSummary, SourceError> {
        let key = self.key;
        let invalid = |problem: String| ScanDocumentError::Invalid {
            key: key.clone(),
            problem,
        };
        let identity = self.identity.as_object();
        let identity = identity.ok_or_else(|| invalid("id is not an object".to_owned()))?;
        let identity = ScanIdentity::parse(identity).map_err(invalid)?;
        Ok(ScanSummary {
            id: ScanId::from(key),
            name: client_name(&identity, self.info.get("save")),
            number: Some(identity.number),
            command: Some(identity.name),
            session: identity.session,
            path: identity.path.map(PathBuf::from),
            start_time: self.info.get("start_time").and_then(parse_time),
        })
    }
}

/// Returns the summary of the scan that has this document.
pub fn of_document(document: &ScanDocument) -> ScanSummary {
    let id = &document.id;
    ScanSummary {
        id: ScanId::from(&document.key),
        name: client_name(id, document.info.get("save")),
        number: Some(id.number),
        command: Some(id.name.clone()),
        session: id.session.clone(),
        path: id.path.clone().map(PathBuf::from),
        start_time: document.info.get("start_time").and_then(parse_time),
    }
}

/// Loads the info of a scan.
pub async fn info(store: &DataStore, key: &str) -> Result<Option<Json>, SourceError> {
    let command = Command::new("JSON.GET").arg(key).arg(".info");
    let reply = store.call(&command).await;
    match reply.map_err(LookupError::new(key))? {
        Value::Text(text) => Ok(Some(blissdata::json::parse(&text)?.value)),
        _ => Ok(None),
    }
}

/// Returns the name by which clients know the scan.
pub fn client_name(identity: &ScanIdentity, save: Option<&Json>) -> String {
    let has_path = identity.path.is_some();
    ScanSummary::client_name(identity.number, &identity.name, has_path, save)
}
