//! The data models in which BLISS publishes scans.

use std::fmt;
use std::str::FromStr;

/// A data model in which BLISS publishes scans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataModel {
    /// Documents and streams of the Python package `blissdata` 1 and later: BLISS 2.
    Blissdata,
    /// Nodes of the Python module `bliss.data.node`: BLISS 1.
    Node,
}

impl DataModel {
    /// Returns the name of the model, as users write it.
    pub fn name(self) -> &'static str {
        match self {
            DataModel::Blissdata => "blissdata",
            DataModel::Node => "node",
        }
    }
}

impl fmt::Display for DataModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which data model a server is taken to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ModelChoice {
    /// The one that the server holds.
    #[default]
    Auto,
    /// This one, whatever else the server holds.
    Only(DataModel),
}

/// A name that no choice of a data model has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no data model (expected one of: auto, blissdata, node)")]
pub struct UnknownModel {
    name: String,
}

impl ModelChoice {
    /// All choices.
    pub const ALL: [ModelChoice; 3] = [
        ModelChoice::Auto,
        ModelChoice::Only(DataModel::Blissdata),
        ModelChoice::Only(DataModel::Node),
    ];

    /// Returns the name of the choice, as users write it.
    pub fn name(self) -> &'static str {
        match self {
            ModelChoice::Auto => "auto",
            ModelChoice::Only(model) => model.name(),
        }
    }

    /// Returns `true` if a server that holds this model may be used.
    pub fn allows(self, model: DataModel) -> bool {
        matches!(self, ModelChoice::Auto) || self == ModelChoice::Only(model)
    }
}

impl FromStr for ModelChoice {
    type Err = UnknownModel;

    fn from_str(name: &str) -> Result<ModelChoice, UnknownModel> {
        let mut all = ModelChoice::ALL.into_iter();
        all.find(|choice| choice.name() == name)
            .ok_or_else(|| UnknownModel {
                name: name.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_is_found_by_its_name() {
        for choice in ModelChoice::ALL {
            assert_eq!(choice.name().parse(), Ok(choice));
        }
        let unknown = "redis".parse::<ModelChoice>().unwrap_err();
        assert!(unknown.to_string().contains("auto, blissdata, node"));
    }

    #[test]
    fn auto_allows_every_model() {
        let node = ModelChoice::Only(DataModel::Node);
        assert!(ModelChoice::Auto.allows(DataModel::Node));
        assert!(node.allows(DataModel::Node));
        assert!(!node.allows(DataModel::Blissdata));
    }
}
