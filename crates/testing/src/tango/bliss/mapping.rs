//! The writer `mapping`: the client asks the device to save a scan by its key.

use serde_json::{Value as Json, json};

use super::{BlissClient, BlissScan, Conversation, Dialect, Step};

/// The part of BLISS that talks to the writer `mapping` about one scan.
pub type MappingClient = BlissClient<MappingDialect>;

/// How BLISS talks to the writer `mapping`.
#[derive(Default)]
pub struct MappingDialect {
    /// The number of warnings that it has received.
    told: u64,
}

impl Dialect for MappingDialect {
    fn prepare(&mut self, talk: &mut Conversation, scan: &BlissScan) -> Result<(), String> {
        let key = scan.key.as_str();
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

    fn during(&mut self, talk: &mut Conversation, scan: &BlissScan) -> Result<(), String> {
        let key = scan.key.as_str();
        let count = talk.insist(|talk| talk.ask("GetWarningCount", key).map(Step::Done))??;
        for index in self.told..count.as_u64().unwrap_or_default() {
            let which = json!({"scan_key": key, "index": index}).to_string();
            let warning =
                talk.insist(|talk| talk.ask_text("GetWarning", which.as_str()).map(Step::Done))??;
            talk.warn(warning);
            self.told += 1;
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
}
