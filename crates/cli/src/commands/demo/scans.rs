//! The scans of the demo.

use std::path::Path;

use blissdata::store::DataStore;
use hub::Event;
use simulation::scans::{ImageSize, ModelStore, ScanKind, ScanPlan, publish_scan};
use writer::source::ScanId;

use super::progress_view::ProgressView;
use crate::commands::free_number::free_number;
use crate::exit::Failure;

/// The session of the scans.
pub const SESSION: &str = "demo";

/// Publishes two series of scans at the same time, as two instruments that share a file.
pub async fn publish_all(
    store: &DataStore,
    file: &Path,
    view: &ProgressView,
    ending: &Event,
) -> Result<(), Failure> {
    let Some(file) = file.to_str() else {
        return Err(format!("the name of {} is not UTF-8", file.display()).into());
    };
    let store = &ModelStore::Blissdata(store.clone());
    let first = free_number(store, SESSION, file).await?;
    let scan = |offset: u64, kind: ScanKind, points: u64, rate: f64| ScanPlan {
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
    let first_instrument = [
        scan(0, ScanKind::Line, 200, 40.0),
        scan(2, ScanKind::Mesh, 300, 50.0),
    ];
    let second_instrument = [
        scan(1, ScanKind::Mca, 120, 20.0),
        scan(3, ScanKind::Image, 60, 12.5),
    ];
    tokio::try_join!(
        publish_in_sequence(store, &first_instrument, view, ending),
        publish_in_sequence(store, &second_instrument, view, ending),
    )?;
    Ok(())
}

async fn publish_in_sequence(
    store: &ModelStore,
    plans: &[ScanPlan],
    view: &ProgressView,
    ending: &Event,
) -> Result<(), Failure> {
    for plan in plans {
        if ending.is_set() {
            break;
        }
        publish_scan(store, plan, ending, |key, channels| {
            view.expect(&ScanId::new(key), plan, channels);
        })
        .await?;
    }
    Ok(())
}
