//! `demo`

use super::Outcome;

pub async fn demo(_directory: Option<std::path::PathBuf>) -> Outcome {
    Ok(crate::exit::SUCCESS)
}
