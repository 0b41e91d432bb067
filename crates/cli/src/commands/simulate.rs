//! `simulate`: scans for whoever has no beamline at hand.

use std::io::Write;
use std::path::Path;

use blissdata::store::{DataStore, ScanKey, StoreError};
use simulation::scans::{ScanPlan, publish};
use tracing::{info, warn};

use super::free_number::free_number;
use super::{Outcome, connect};
use crate::args::SimulationArgs;
use crate::exit::{self, Failure};
use crate::signals::Interrupts;

/// Redis takes messages of 512 MB, nobody wants to wait for such.
const LARGEST_MESSAGE: u64 = 64 << 20;

/// Publishes scans and prints the key of each as soon as it has one.
pub async fn simulate(url: String, wanted: SimulationArgs) -> Outcome {
    let mut plan = plan(&wanted)?;
    let interrupts = Interrupts::listen()?;
    let url = connect::find(Some(&url)).await?;
    let store = connect::now(&url).await?;
    make_usable(&store).await?;
    plan.number = match wanted.first {
        Some(first) => first,
        None => free_number(&store, &plan.file)
            .await
            .map_err(Failure::usage)?,
    };
    for _ in 0..wanted.scans {
        if interrupts.finish.is_set() {
            break;
        }
        info!("publishing scan {} {}", plan.number, plan.title());
        tokio::select! {
            published = publish(&store, &plan, &interrupts.finish, |key, _| tell(key)) => published?,
            () = interrupts.leave.wait() => {
                return Err(format!("left before scan {} was closed", plan.number).into());
            }
        }
        plan.number += 1;
    }
    Ok(exit::SUCCESS)
}

/// The scans that are wanted, but for their number.
fn plan(wanted: &SimulationArgs) -> Result<ScanPlan, Failure> {
    let file = std::path::absolute(&wanted.file).map_err(Failure::usage)?;
    let plan = ScanPlan {
        kind: wanted.kind.into(),
        number: 1,
        points: wanted.points,
        counters: wanted.channels,
        detectors: wanted.detectors,
        mca_size: wanted.mca_size,
        image_size: wanted.image_size,
        rate: wanted.rate,
        batch: wanted.batch,
        file: text(&file)?,
        session: wanted.session.clone(),
        seed: wanted.seed,
    };
    if plan.message_size() > LARGEST_MESSAGE {
        let problem = format!(
            "--batch: a message would have {} bytes",
            plan.message_size()
        );
        return Err(Failure::usage(format!(
            "{problem}, more than {LARGEST_MESSAGE}"
        )));
    }
    Ok(plan)
}

fn text(path: &Path) -> Result<String, Failure> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| Failure::usage(format!("--file: {} is not UTF-8", path.display())))
}

/// A Redis that is empty is made a data store; one that holds something else is left alone.
async fn make_usable(store: &DataStore) -> Result<(), Failure> {
    match store.check().await {
        Ok(()) => Ok(()),
        Err(StoreError::NotInitialised { server }) => {
            info!("{server} is no data store yet: initialising it");
            simulation::initialise(store).await.map_err(Failure::usage)
        }
        Err(error) => Err(Failure::usage(error)),
    }
}

/// The scan goes on when nobody wants to know its key.
fn tell(key: &ScanKey) {
    if let Err(error) = writeln!(std::io::stdout(), "{key}") {
        warn!(scan = %key, "cannot print the key of the scan: {error}");
    }
}
