//! `simulate`

use super::Outcome;
use crate::args::Simulation;

pub async fn simulate(_url: String, _scans: Simulation) -> Outcome {
    Ok(crate::exit::SUCCESS)
}
