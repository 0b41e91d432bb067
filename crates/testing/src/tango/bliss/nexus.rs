//! The writer `nexus`: the device finds scans by itself, and is asked about them by their names.

use std::time::Duration;

use serde_json::Value as Json;

use super::{BlissScan, Conversation, Step};
use crate::tango::TangoDevice;

/// The part of BLISS that talks to the writer `nexus` about one scan. What it says to its user, where it
/// gives up, is the error of each method.
pub struct NexusClient {
    talk: Conversation,
    scan: BlissScan,
    asked: bool,
}

impl NexusClient {
    /// For one scan, which is in Redis already.
    pub fn new(device: &TangoDevice, scan: BlissScan) -> NexusClient {
        NexusClient {
            talk: Conversation::with(device),
            scan,
            asked: false,
        }
    }

    /// Before the scan is prepared.
    pub fn prepare(&mut self) -> Result<(), String> {
        let (talk, name) = (&mut self.talk, self.scan.name.as_str());
        if let Some(refused) = talk.try_hard(Conversation::state)? {
            return Err(refused);
        }
        if !self.scan.directory.is_dir() {
            let directory = self.scan.directory.to_str().unwrap();
            talk.try_hard(|talk| Ok(Step::Done(talk.ask("makedirs", directory)?)))?;
        }
        let tired = format!("Nexus writer did not receive scan '{name}' after 10s");
        talk.insist(|talk| match talk.ask("scan_exists", name)? {
            Json::Bool(true) => Ok(Step::Done(())),
            _ => Ok(Step::Again(tired.clone())),
        })??;
        let refused = talk.try_hard(|talk| {
            let may = talk.ask("scan_has_write_permissions", name)?;
            Ok(Step::Done(may == Json::Bool(false)))
        })?;
        if refused {
            let directory = self.scan.directory.display();
            return Err(format!(
                "Nexus writer has no write permission in {directory}"
            ));
        }
        match talk.try_hard(|talk| talk.ask_text("scan_disk_space_error", name).map(Step::Done))? {
            text if text.is_empty() => Ok(()),
            text => Err(text),
        }
    }

    /// When the scan sends data. BLISS asks every 3 s, this at each call.
    pub fn during(&mut self) -> Result<(), String> {
        self.asked = true;
        let (talk, name) = (&mut self.talk, self.scan.name.as_str());
        let warning = talk.try_hard(|talk| {
            talk.ask_text("scan_disk_space_warning", name)
                .map(Step::Done)
        })?;
        if !warning.is_empty() {
            talk.warnings.insert(warning);
        }
        let fault = talk.try_hard(|talk| {
            if talk.ask_text("scan_state", name)? != "FAULT" {
                return Ok(Step::Done(None));
            }
            let reason = talk.ask_text("scan_state_reason", name)?;
            Ok(Step::Done(Some(reason)))
        })?;
        match fault {
            None => Ok(()),
            Some(reason) => Err(format!("Nexus writer is in FAULT state ({reason})")),
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
    pub fn warnings(&self) -> Vec<&str> {
        self.talk.warnings.iter().map(String::as_str).collect()
    }

    /// How long each answer took.
    pub fn answers(&self) -> &[Duration] {
        &self.talk.answers
    }
}
