//! Queries for parts of a scan's document.

use std::path::PathBuf;

use blissdata::document::{ScanDocument, ScanDocumentError, ScanIdentity};
use blissdata::store::{DataStore, ScanKey};
use redis_client::{Command, Value};
use serde_json::Value as Json;

use super::error::{LookupError, MissingScan};
use crate::source::{ScanId, ScanSummary, SourceError, parse_time};

/// Loads the parts of the document that identify the scan.
pub async fn load(store: &DataStore, key: &ScanKey) -> Result<ScanSummary, SourceError> {
    let command = Command::new("JSON.GET")
        .arg(key.as_str())
        .arg("$.id")
        .arg("$.info.save")
        .arg("$.info.start_time");
    let reply = store.call(&command).await;
    let reply = reply.map_err(LookupError::new(key.as_str()))?;
    let Value::Text(text) = reply else {
        return Err(SourceError::missing(MissingScan { key: key.clone() }));
    };
    let invalid = |problem: String| ScanDocumentError::Invalid {
        key: key.clone(),
        problem,
    };
    let found: Json = serde_json::from_slice(&text).map_err(|error| ScanDocumentError::Json {
        key: key.clone(),
        source: error.into(),
    })?;
    let first = |path: &str| found.get(path).and_then(|all| all.get(0));
    let identity = first("$.id").and_then(Json::as_object);
    let identity = identity.ok_or_else(|| invalid("id is not an object".to_owned()))?;
    let identity = ScanIdentity::parse(identity).map_err(invalid)?;
    Ok(ScanSummary {
        id: ScanId::from(key),
        name: client_name(&identity, first("$.info.save")),
        number: Some(identity.number),
        command: Some(identity.name),
        session: identity.session,
        path: identity.path.map(PathBuf::from),
        start_time: first("$.info.start_time").and_then(parse_time),
    })
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
