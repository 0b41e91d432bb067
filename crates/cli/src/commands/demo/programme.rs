//! What there is to see in the demo.

use std::path::Path;

use blissdata::store::DataStore;
use hub::Event;
use simulation::scans::{ImageSize, ScanKind, ScanPlan, publish};
use writer::source::ScanId;

use super::show::Show;
use crate::commands::free_number::free_number;
use crate::exit::Failure;

/// Session of the scans.
pub const SESSION: &str = "demo";

/// Publishes scans in two places at the same time, as two instruments that share a file.
pub async fn publish_all(
    store: &DataStore,
    file: &Path,
    show: &Show,
    ending: &Event,
) -> Result<(), Failure> {
    let Some(file) = file.to_str() else {
        return Err(format!("the name of {} is not UTF-8", file.display()).into());
    };
    let first = free_number(store, file).await?;
    let plan = |offset: u64, kind: ScanKind, points: u64, rate: f64| ScanPlan {
        kind,
        number: first.saturating_add(offset),
        points,
        counters: 4,
        detectors: 1,
        mca_size: 1024,
        image_size: ImageSize {
            height: 120,
            width: 160,
        },
        rate,
        batch: 1,
        file: file.to_owned(),
        session: SESSION.to_owned(),
        seed: 0,
    };
    let here = [
        plan(0, ScanKind::Line, 200, 40.0),
        plan(2, ScanKind::Mesh, 300, 50.0),
    ];
    let there = [
        plan(1, ScanKind::Mca, 120, 20.0),
        plan(3, ScanKind::Image, 60, 12.5),
    ];
    tokio::try_join!(
        one_after_the_other(store, &here, show, ending),
        one_after_the_other(store, &there, show, ending),
    )?;
    Ok(())
}

async fn one_after_the_other(
    store: &DataStore,
    plans: &[ScanPlan],
    show: &Show,
    ending: &Event,
) -> Result<(), Failure> {
    for plan in plans {
        if ending.is_set() {
            break;
        }
        publish(store, plan, ending, |key, channels| {
            show.expect(&ScanId::from(key), plan, channels);
        })
        .await?;
    }
    Ok(())
}
