//! The writer `nexus`: the device finds scans by itself, and the client asks about them by name.

use serde_json::Value as Json;

use super::{BlissClient, BlissScan, Conversation, Step, WriterProtocol};

/// The part of BLISS that talks to the writer `nexus` about one scan.
pub type NexusClient = BlissClient<NexusProtocol>;

/// How BLISS talks to the writer `nexus`.
#[derive(Default)]
pub struct NexusProtocol;

impl WriterProtocol for NexusProtocol {
    fn prepare(&mut self, talk: &mut Conversation, scan: &BlissScan) -> Result<(), String> {
        let name = scan.name.as_str();
        if let Some(refused) = talk.repeat_or_warn(Conversation::state)? {
            return Err(refused);
        }
        if !scan.directory.is_dir() {
            let directory = scan.directory.to_str().unwrap();
            talk.repeat_or_warn(|talk| Ok(Step::Done(talk.ask("makedirs", directory)?)))?;
        }
        let problem = format!("Nexus writer did not receive scan '{name}' after 10s");
        talk.repeat(|talk| match talk.ask("scan_exists", name)? {
            Json::Bool(true) => Ok(Step::Done(())),
            _ => Ok(Step::Retry(problem.clone())),
        })??;
        let refused = talk.repeat_or_warn(|talk| {
            let may = talk.ask("scan_has_write_permissions", name)?;
            Ok(Step::Done(may == Json::Bool(false)))
        })?;
        if refused {
            let directory = scan.directory.display();
            return Err(format!(
                "Nexus writer has no write permission in {directory}"
            ));
        }
        match talk
            .repeat_or_warn(|talk| talk.ask_text("scan_disk_space_error", name).map(Step::Done))?
        {
            text if text.is_empty() => Ok(()),
            text => Err(text),
        }
    }

    fn during(&mut self, talk: &mut Conversation, scan: &BlissScan) -> Result<(), String> {
        let name = scan.name.as_str();
        let warning = talk.repeat_or_warn(|talk| {
            talk.ask_text("scan_disk_space_warning", name)
                .map(Step::Done)
        })?;
        if !warning.is_empty() {
            talk.warn(warning);
        }
        let fault = talk.repeat_or_warn(|talk| {
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
}
