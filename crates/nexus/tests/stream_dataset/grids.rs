//! Datasets with the shape of the scan.

use nexus::dataset::{Error, WritePolicy};
use nexus::tree::{ChunkOptions, ElementType};
use serde_json::json;

use crate::support::*;

#[test]
fn points_fill_a_grid_in_their_order() {
    let writer = Writer::new();
    let storage = (&[3, 4][..], ChunkOptions::default());
    let nan = f64::NAN;
    run(async {
        let mut dataset = writer.declared("map", DOUBLE, &[], storage, WritePolicy::live());
        dataset.expose().unwrap();
        assert!(writer.seen("map").is_none());
        dataset.append(0, 5, None, count(0, 5)).unwrap();
        dataset.expose().unwrap();
        assert_eq!((dataset.points(), dataset.visible()), (5, 5));
        let seen = writer.seen("map").unwrap();
        assert_eq!(seen.layout["shape"], json!([3, 4]));
        assert_eq!(seen.layout["maxshape"], json!([null, null]));
        assert_eq!(seen.layout["chunks"], json!([3, 4]));
        let mut expected: Vec<_> = (0..5).map(f64::from).collect();
        expected.resize(12, nan);
        assert!(same(&seen.doubles(), &expected));
        // A hole, and more than there is room for.
        dataset.append(7, 7, None, count(7, 7)).unwrap();
        assert_eq!(dataset.close().await.unwrap(), 14);
    });
    let seen = writer.end("map");
    assert_eq!(seen.layout["shape"], json!([4, 4]));
    let expected: Vec<_> = (0..16)
        .map(|n| match n {
            0..5 | 7..14 => f64::from(n),
            _ => nan,
        })
        .collect();
    assert!(same(&seen.doubles(), &expected));
}

#[test]
fn a_compressed_grid_of_spectra() {
    let writer = Writer::new();
    let element = ElementType::Uint(4, LITTLE);
    let data = pattern(20 * 30 * 1024 * 4);
    run(async {
        for policy in [WritePolicy::backlog(), WritePolicy::live()] {
            let storage = (&[20, 30][..], ChunkOptions::default());
            let path = format!("{:?}", policy.mode);
            let shape = [Some(1024)];
            let mut dataset = writer.declared(&path, element.clone(), &shape, storage, policy);
            for first in (0..600).step_by(50) {
                let part = data.slice(4096 * first..4096 * (first + 50));
                dataset.append(first as u64, 50, None, part).unwrap();
                dataset.settle().await.unwrap();
                dataset.expose().unwrap();
            }
            dataset.drain().await;
            assert_eq!(dataset.close().await.unwrap(), 600);
        }
    });
    for path in ["Backlog", "Live"] {
        let seen = writer.seen(path).unwrap();
        assert_eq!(seen.layout["shape"], json!([20, 30, 1024]));
        assert_eq!(seen.layout["chunks"], json!([5, 8, 256]));
        assert!(seen.is_compressed());
        assert!(seen.bytes == data);
    }
}

#[test]
fn ragged_points_of_a_grid_are_padded() {
    let writer = Writer::new();
    run(async {
        let storage = (&[2, 2][..], ChunkOptions::default());
        let mut dataset = writer.declared("var", DOUBLE, &[None], storage, WritePolicy::backlog());
        for n in 0..4 {
            dataset.append(n, 1, Some(&[n]), count(10 * n, n)).unwrap();
        }
        dataset.close().await.unwrap();
    });
    let seen = writer.end("var");
    assert_eq!(seen.layout["shape"], json!([2, 2, 3]));
    let nan = f64::NAN;
    let rows = [[nan; 3], [10., nan, nan], [20., 21., nan], [30., 31., 32.]];
    assert!(same(&seen.doubles(), rows.as_flattened()));
}

#[test]
fn a_single_point_is_a_value() {
    let writer = Writer::new();
    let storage = (&[][..], ChunkOptions::default());
    run(async {
        let mut value = writer.declared("value", DOUBLE, &[], storage, WritePolicy::live());
        let surplus = value.append(0, 3, None, count(7, 3)).unwrap_err();
        assert!(
            matches!(surplus, Error::Single { count: 2, .. }),
            "{surplus}"
        );
        value.expose().unwrap();
        let more = value.append(1, 1, None, count(8, 1));
        assert!(matches!(more, Err(Error::Single { .. })), "{more:?}");
        assert_eq!(value.close().await.unwrap(), 1);

        let mut spectrum =
            writer.declared("spectrum", DOUBLE, &[Some(4)], storage, WritePolicy::live());
        spectrum.append(0, 1, None, count(1, 4)).unwrap();
        assert_eq!(spectrum.close().await.unwrap(), 1);

        let mut lost = writer.declared("lost", DOUBLE, &[], storage, WritePolicy::live());
        lost.skip(1).unwrap();
        assert_eq!(lost.close().await.unwrap(), 1);
    });
    let value = writer.seen("value").unwrap();
    assert_eq!(value.layout["shape"], json!([]));
    assert!(value.is_contiguous());
    assert_eq!(value.doubles(), [7.]);
    let spectrum = writer.seen("spectrum").unwrap();
    assert_eq!(spectrum.layout["shape"], json!([4]));
    assert_eq!(spectrum.layout["chunks"], json!([4]));
    assert_eq!(spectrum.layout["maxshape"], json!([null]));
    assert_eq!(spectrum.doubles(), [1., 2., 3., 4.]);
    assert!(writer.end("lost").doubles()[0].is_nan());
}
