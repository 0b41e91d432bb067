//! The writer `mapping`: the device is told to save a scan by its key.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{BlissScan, Conversation, Step};
use crate::tango::TangoDevice;

/// The part of BLISS that talks to the writer `mapping` about one scan. What it says to its user, where
/// it gives up, is the error of each method.
pub struct MappingClient {
    talk: Conversation,
    scan: BlissScan,
    asked: bool,
    told: Vec<String>,
}

impl MappingClient {
    /// For one scan, which is in Redis already.
    pub fn new(device: &TangoDevice, scan: BlissScan) -> MappingClient {
        MappingClient {
            talk: Conversation::with(device),
            scan,
            asked: false,
            told: Vec::new(),
        }
    }

    /// Before the scan is prepared.
    pub fn prepare(&mut self) -> Result<(), String> {
        let (talk, key) = (&mut self.talk, self.scan.key.as_str());
        if let Some(refused) = talk.insist(Conversation::state)?? {
            return Err(refused);
        }
        talk.insist(|talk| match talk.ask("SaveScan", key)? {
            Json::Bool(true) => Ok(Step::Done(())),
            _ => Ok(Step::Again(format!("Scan writer does not accept {key}"))),
        })??;
        talk.insist(|talk| match talk.ask_text("scan_state", key)?.as_str() {
            "UNKNOWN" => Ok(Step::Again(format!("Scan writer does not know {key}"))),
            _ => Ok(Step::Done(())),
        })??;
        let fault = talk.insist(|talk| match talk.ask_text("scan_state", key)?.as_str() {
            "ON" => Ok(Step::Done(None)),
            "FAULT" => Ok(Step::Done(Some(talk.ask_text("scan_state_reason", key)?))),
            state => Ok(Step::Again(format!("Scan writer state is {state}"))),
        })??;
        match fault {
            None => Ok(()),
            Some(reason) => Err(format!("Scan writer state is FAULT: {reason}")),
        }
    }

    /// When the scan sends data. BLISS asks every 3 s, this at each call.
    pub fn during(&mut self) -> Result<(), String> {
        self.asked = true;
        let (talk, key) = (&mut self.talk, self.scan.key.as_str());
        let count = talk.insist(|talk| talk.ask("GetWarningCount", key).map(Step::Done))??;
        for index in self.told.len()..count.as_u64().unwrap_or_default() as usize {
            let which = json!({"scan_key": key, "index": index}).to_string();
            let warning =
                talk.insist(|talk| talk.ask_text("GetWarning", which.as_str()).map(Step::Done))??;
            self.told.push(warning);
        }
        let fault = talk.insist(|talk| {
            if talk.ask_text("scan_state", key)? != "FAULT" {
                return Ok(Step::Done(None));
            }
            let reason = talk.ask_text("scan_state_reason", key)?;
            Ok(Step::Done(Some(reason)))
        })??;
        match fault {
            None => Ok(()),
            Some(reason) => Err(format!("Scan writer state is FAULT: {reason}")),
        }
    }

    /// When the scan is over. BLISS does not wait for the file.
    pub fn end(&mut self) -> Result<(), String> {
        match self.asked {
            true => Ok(()),
            false => self.during(),
        }
    }

    /// What the user was warned of.
    pub fn warnings(&self) -> &[String] {
        &self.told
    }

    /// How long each answer took.
    pub fn answers(&self) -> &[Duration] {
        &self.talk.answers
    }
}
