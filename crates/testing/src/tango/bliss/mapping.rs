//! The writer `mapping`: the client asks the device to save a scan by its key.

use serde_json::{Value as Json, json};

use super::{BlissClient, BlissScan, Conversation, Step, WriterProtocol};

/// The part of BLISS that talks to the writer `mapping` about one scan.
pub type MappingClient = BlissClient<MappingProtocol>;

/// How BLISS talks to the writer `mapping`.
#[derive(Default)]
pub struct MappingProtocol {
    /// The number of warnings that it has received.
    warnings_received: u64,
}

impl WriterProtocol for MappingProtocol {
    fn prepare(&mut self, talk: &mut Conversation, scan: &BlissScan) -> Result<(), String> {
        let key = scan.key.as_str();
        if let Some(refused) = talk.repeat(Conversation::state)?? {
            return Err(refused);
        }
        talk.repeat(|talk| match talk.ask("SaveScan", key)? {
            Json::Bool(true) => Ok(Step::Done(())),
            _ => Ok(Step::Retry(format!("Scan writer does not accept {key}"))),
        })??;
        talk.repeat(|talk| match talk.ask_text("scan_state", key)?.as_str() {
            "UNKNOWN" => Ok(Step::Retry(format!("Scan writer does not know {key}"))),
            _ => Ok(Step::Done(())),
        })??;
        let fault = talk.repeat(|talk| match talk.ask_text("scan_state", key)?.as_str() {
            "ON" => Ok(Step::Done(None)),
            "FAULT" => Ok(Step::Done(Some(talk.ask_text("scan_state_reason", key)?))),
            state => Ok(Step::Retry(format!("Scan writer state is {state}"))),
        })??;
        match fault {
            None => Ok(()),
            Some(reason) => Err(format!("Scan writer state is FAULT: {reason}")),
        }
    }

    fn during(&mut self, talk: &mut Conversation, scan: &BlissScan) -> Result<(), String> {
        let key = scan.key.as_str();
        let count = talk.repeat(|talk| talk.ask("GetWarningCount", key).map(Step::Done))??;
        for index in self.warnings_received..count.as_u64().unwrap_or_default() {
            let which = json!({"scan_key": key, "index": index}).to_string();
            let warning =
                talk.repeat(|talk| talk.ask_text("GetWarning", which.as_str()).map(Step::Done))??;
            talk.warn(warning);
            self.warnings_received += 1;
        }
        let fault = talk.repeat(|talk| {
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
