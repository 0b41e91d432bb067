//! `simulate`: publishes simulated scans, for use without a beamline.

use std::path::Path;

use blissdata::store::DataStore;
use redis_client::RedisUrl;
use simulation::scans::{ModelStore, ScanPlan, publish_scan};
use tracing::info;

use super::free_number::free_number;
use super::{Outcome, connect};
use crate::args::{RedisOrigin, SimulatedModel, SimulationArgs};
use crate::exit::{self, Failure};
use crate::results::Printer;
use crate::signals::Interrupts;

/// Largest size of a message. Redis would accept 512 MB, but publishing such messages takes too long.
const MAX_MESSAGE_BYTES: u64 = 64 << 20;

/// Publishes scans and prints the key of each as soon as it exists.
pub async fn simulate(url: String, wanted: SimulationArgs, interrupts: Interrupts) -> Outcome {
    let mut plan = plan(&wanted)?;
    let prepared = async {
        let url = connect::discover(Some(RedisOrigin::Url(url))).await?;
        let store = model_store(&url, wanted.model).await?;
        store.make_ready().await.map_err(Failure::usage)?;
        plan.number = match wanted.first {
            Some(first) => first,
            None => free_number(&store, &plan.session, &plan.file)
                .await
                .map_err(Failure::usage)?,
        };
        Ok(store)
    };
    let Some(store) = connect::unless_stopped(&interrupts, prepared).await? else {
        return Ok(exit::SUCCESS);
    };
    let printer = Printer::start()?;
    let published = publish(&store, plan, wanted.scans, &interrupts, &printer).await;
    printer.finish(&interrupts).await;
    published.map(|()| exit::SUCCESS)
}

/// Publishes scans one after the other, until a signal comes.
async fn publish(
    store: &ModelStore,
    mut plan: ScanPlan,
    scans: u64,
    interrupts: &Interrupts,
    printer: &Printer,
) -> Result<(), Failure> {
    let print_key = |key: &str| printer.print(format!("{key}\n"));
    for _ in 0..scans {
        if interrupts.stop_requested.is_set() {
            break;
        }
        info!("publishing scan {} {}", plan.number, plan.title());
        tokio::select! {
            published = publish_scan(store, &plan, &interrupts.stop_requested, |key, _| print_key(key)) => published?,
            () = interrupts.abort_requested.wait() => {
                return Err(format!("aborted before scan {} was closed", plan.number).into());
            }
        }
        plan.number += 1;
    }
    Ok(())
}

/// Returns the plan of the scans, with the number 1: the caller sets the number of each scan.
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
        file: utf8(&file)?,
        session: wanted.session.clone(),
        seed: wanted.seed,
    };
    if plan.message_size() > MAX_MESSAGE_BYTES {
        let problem = format!(
            "--batch: a message would have {} bytes",
            plan.message_size()
        );
        return Err(Failure::usage(format!(
            "{problem}, more than {MAX_MESSAGE_BYTES}"
        )));
    }
    Ok(plan)
}

fn utf8(path: &Path) -> Result<String, Failure> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| Failure::usage(format!("--file: {} is not UTF-8", path.display())))
}

/// Returns the store of a data model. That of BLISS 2 must be reachable now; nodes are asked for later.
async fn model_store(url: &RedisUrl, model: SimulatedModel) -> Result<ModelStore, Failure> {
    Ok(match model {
        SimulatedModel::Blissdata => {
            let store = DataStore::connect(url).await.map_err(Failure::usage)?;
            ModelStore::Blissdata(store)
        }
        SimulatedModel::Node => ModelStore::nodes(url),
    })
}
