//! Checks of the lengths of datasets.

use nexus::h5::{Dataset, Group, Link, ObjectKind};
use nexus::tree::ElementType;

use super::Finding;
use super::completeness::RecordedStream;
use super::text::join;

/// The most soft links of one path, as in HDF5: more are a cycle.
const MOST_LINKS: usize = 16;

/// What is known about the lengths of datasets.
pub struct DatasetLengths<'a> {
    /// Whether the scan is being written, so that lengths differ by points that are not written
    /// yet.
    pub growing: bool,
    /// The streams of the records.
    pub places: Vec<&'a RecordedStream>,
}

impl DatasetLengths<'_> {
    /// Compares the lengths of datasets that should be equally long. The paths are those of the
    /// datasets themselves, not of links to them. `dimensions` are those of the scan, 0 if it is one point.
    pub fn compare(
        &self,
        at: &str,
        datasets: &[(String, Vec<u64>)],
        dimensions: usize,
    ) -> Vec<Finding> {
        let length = |shape: &[u64]| shape.first().copied().unwrap_or(1);
        let longest = datasets.iter().map(|(_, shape)| length(shape)).max();
        // Datasets of one point have only the dimensions of the point.
        let Some(longest) = longest.filter(|_| !self.growing && dimensions > 0) else {
            return Vec::new();
        };
        let shorter = datasets
            .iter()
            .filter(|(_, shape)| length(shape) != longest);
        shorter
            .map(|(path, shape)| {
                let unit = match dimensions {
                    0 | 1 => "points",
                    _ => "rows",
                };
                let length = length(shape);
                let text = format!("{path} has {length} {unit}, others have {longest}");
                match self.is_published(path, shape, dimensions) {
                    true => Finding::note(at, format!("{text}: so many were published")),
                    false => Finding::problem(at, text),
                }
            })
            .collect()
    }

    /// Returns `true` if a dataset has all points that were published, and as a list no more.
    fn is_published(&self, path: &str, shape: &[u64], dimensions: usize) -> bool {
        let place = self.places.iter().find(|place| place.path == path);
        let Some(place) = place.filter(|place| place.problem().is_none()) else {
            return false;
        };
        match dimensions {
            0 | 1 => shape.first().copied().unwrap_or(1) == place.received,
            grid => shape.iter().take(grid).product::<u64>() >= place.received,
        }
    }
}

/// Returns the extent of a dataset, or `None` if it is something else or in another file.
pub fn shape(root: &Group, path: &str) -> Option<Vec<u64>> {
    dataset(root, path)?.shape().ok()
}

fn dataset(root: &Group, path: &str) -> Option<Dataset> {
    match root.kind(path) {
        Ok(Some(ObjectKind::Dataset)) => root.open_dataset(path).ok(),
        _ => None,
    }
}

/// Resolves a path whose last name is a soft link within this file.
pub fn destination(root: &Group, path: &str) -> String {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match root.link(&path) {
            Ok(Link::Soft { target }) => {
                let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
                path = join(parent, &target);
            }
            _ => break,
        }
    }
    path
}

/// Returns the number of dimensions of the scan, which precede those of a point. It is that of the
/// dataset with the fewest dimensions, because every scan has streams of scalars. A scan that is
/// saved as a list of points has one. Lists of the names of files do not have the shape of the scan.
pub fn scan_dimensions(root: &Group, streams: &[RecordedStream]) -> usize {
    let ranks = |counts: fn(&Dataset) -> bool| {
        let datasets = streams
            .iter()
            .filter_map(|place| dataset(root, &place.path));
        let shapes = datasets.filter(counts).filter_map(|one| one.shape().ok());
        shapes.map(|shape| shape.len()).min()
    };
    let is_numeric = |dataset: &Dataset| !dataset.holds(&ElementType::Text).unwrap_or(false);
    ranks(is_numeric).or_else(|| ranks(|_| true)).unwrap_or(1)
}

/// Compares the dataset of a stream with the record.
pub fn verify(root: &Group, place: &RecordedStream, dimensions: usize) -> Option<Finding> {
    let RecordedStream { path, stream, .. } = place;
    let problem = |text: String| Some(Finding::problem(path.as_str(), text));
    let shape = match root.kind(path) {
        Ok(Some(ObjectKind::External)) => return None,
        Ok(Some(ObjectKind::Dataset)) => {
            match root.open_dataset(path).and_then(|set| set.shape()) {
                Ok(shape) => shape,
                Err(error) => return problem(format!("cannot be read: {error}")),
            }
        }
        Ok(_) if place.written == 0 => return None,
        Ok(_) => return problem(format!("stream {stream:?} has no dataset")),
        Err(error) => return problem(format!("cannot be read: {error}")),
    };
    let points = match dimensions {
        0 => 1,
        _ => shape.first().copied().unwrap_or(1),
    };
    // A grid has its full size from the start, a list grows.
    let fits = match dimensions {
        0 | 1 => points - place.missing(points) == place.written,
        grid => {
            // A point may have no elements.
            let lengths = shape.iter().take(grid).map(|length| (*length).max(1));
            points >= place.written || lengths.product::<u64>() >= place.written
        }
    };
    if fits {
        return None;
    }
    let written = place.written;
    problem(format!("has {points} points, the record says {written}"))
}
