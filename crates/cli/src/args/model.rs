//! Which data model the scans have.

use clap::Args as Group;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use writer::source::ModelChoice;

/// Which data model the scans have.
#[derive(Group, Clone, Copy)]
pub struct Model {
    /// Data model of the scans: blissdata (BLISS 2), node (BLISS 1), or auto: the one that Redis holds
    #[arg(
        long,
        env = "NEXUS_WRITER_REDIS_MODEL",
        default_value = "auto",
        value_name = "MODEL",
        value_parser = models()
    )]
    model: ModelChoice,
}

impl Model {
    /// Returns which data model a server is taken to hold.
    pub fn choice(self) -> ModelChoice {
        self.model
    }
}

fn models() -> impl TypedValueParser<Value = ModelChoice> {
    PossibleValuesParser::new(ModelChoice::ALL.map(ModelChoice::name)).try_map(|name| name.parse())
}
