//! The two devices that BLISS can call, and what differs between them.

use std::path::Path;

use serde_json::json;
use testing::{Program, output};

use crate::beamline::{self, Beamline};
use crate::session::Session;

/// What BLISS calls to save its scans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interface {
    /// A device of class `NexusWriter`, for the writer `nexus`. Scans are known by their names.
    Nexus,
    /// A device of class `BlissWriter`, for the writer `mapping`. Scans are known by their keys.
    Mapping,
}

impl Interface {
    /// Returns those that this release of BLISS has.
    pub fn all() -> Vec<Interface> {
        match beamline::release() < (2, 4) {
            true => vec![Interface::Nexus],
            false => vec![Interface::Nexus, Interface::Mapping],
        }
    }

    /// Returns the name of the device.
    pub fn device(self) -> &'static str {
        match self {
            Interface::Nexus => beamline::DEVICE,
            Interface::Mapping => "id00/blisswriter/demo",
        }
    }

    /// Starts our service, and waits until its device takes scans.
    pub fn serve(self, beamline: &Beamline) -> Program {
        if self == Interface::Nexus {
            return beamline.serve();
        }
        let writer = Path::new(env!("CARGO_BIN_EXE_nexus-writer"));
        let redis = beamline.folder().join("redis-data-socket");
        let redis = format!("unix://{}", redis.display());
        output(
            beamline
                .command(writer)
                .args(["tango", "register", &redis, "--session", "demo"]),
        );
        let mut command = beamline.command(writer);
        let mut service = Program::start_with_output(command.args(["tango", "run", "default"]));
        service.wait_for("Ready to accept request");
        beamline.client().device(self.device()).wait_for_state("ON");
        service
    }

    /// Starts a session whose scans are saved through this interface.
    pub fn session(self, beamline: &Beamline) -> Session {
        let mut session = beamline.session();
        if self == Interface::Mapping {
            session.save(json!({"writer": "mapping"}));
        }
        session
    }

    /// Returns what the device says of a scan that is saved.
    pub fn saved(self) -> &'static str {
        match self {
            Interface::Nexus => "Finished succesfully",
            Interface::Mapping => "Saving complete.",
        }
    }
}
