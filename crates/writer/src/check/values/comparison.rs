//! One stream against one dataset.

use nexus::h5::{self, Dataset, Group, ObjectKind};
use nexus::tree::ElementType;

use crate::check::Finding;
use crate::check::completeness::RecordedStream;
use crate::source::{Block, TextBlock};

/// The largest number of texts that are compared.
const MAX_TEXTS: u64 = 1 << 22;

/// Consecutive points, as they were published.
pub struct Points<'a> {
    pub element: &'a ElementType,
    /// The shape of a point.
    pub shape: &'a [u64],
    /// The index of the first point.
    pub first: u64,
    pub count: u64,
    /// Their bytes in C order.
    pub data: &'a [u8],
}

/// A stream at one place of the file.
pub struct Comparison {
    path: String,
    stream: String,
    /// None if the stream tells of frames in other files.
    element: Option<ElementType>,
    /// Shape of a point, if it does not vary.
    point: Vec<u64>,
    /// None if the place is not a dataset of this file.
    dataset: Option<Dataset>,
    shape: Vec<u64>,
    /// The texts of the dataset, once they are needed.
    present: Vec<String>,
    holes: Vec<(u64, u64)>,
    /// Points that were compared.
    pub compared: u64,
    /// Points that Redis no longer has.
    pub lost: u64,
    /// Frames that the detector has saved.
    pub saved: u64,
    /// Points that Redis has and the dataset has not.
    beyond: u64,
    differing: u64,
    /// What the first difference is.
    first: Option<String>,
    problem: Option<String>,
}

impl Comparison {
    /// Nothing compared yet. `numbers` are the type and shape of a point, unless the stream tells of
    /// frames.
    pub fn new(
        root: &Group,
        place: &RecordedStream,
        numbers: Option<(ElementType, Vec<u64>)>,
    ) -> Comparison {
        let (element, point) = numbers.unzip();
        let mut comparison = Comparison {
            path: place.path.clone(),
            stream: place.stream.clone(),
            element,
            point: point.unwrap_or_default(),
            dataset: None,
            shape: Vec::new(),
            present: Vec::new(),
            holes: place.holes.clone(),
            compared: 0,
            lost: 0,
            saved: 0,
            beyond: 0,
            differing: 0,
            first: None,
            problem: None,
        };
        if let Ok(Some(ObjectKind::Dataset)) = root.kind(&place.path) {
            let opened = root.open_dataset(&place.path);
            match opened.and_then(|dataset| Ok((dataset.shape()?, dataset))) {
                Ok((shape, dataset)) => {
                    comparison.shape = shape;
                    comparison.dataset = Some(dataset);
                }
                Err(error) => comparison.problem = Some(unreadable(error)),
            }
        }
        comparison
    }

    /// Compares the number of frames. The scan has so many dimensions in front of those of a frame.
    pub fn frames(&mut self, saved: u64, dimensions: usize) {
        self.saved = saved;
        let stored = self.shape.iter().take(dimensions.max(1)).product();
        if self.dataset.is_some() {
            self.beyond = saved.saturating_sub(stored);
        }
    }

    /// Compares the values of these points.
    pub fn block(&mut self, block: &Block) {
        let (Some(element), None) = (self.element.clone(), &self.problem) else {
            return;
        };
        let Some(dataset) = self.dataset.take() else {
            self.beyond += block.count;
            return;
        };
        let shape = match &block.shape {
            Some(shape) => shape.to_vec(),
            None => self.point.clone(),
        };
        let points = Points {
            element: &element,
            shape: &shape,
            first: block.first,
            count: block.count,
            data: &block.data,
        };
        let end = block.first + block.count;
        match self.points(&dataset, points) {
            Ok(next) => self.beyond += end.saturating_sub(next.max(block.first)),
            Err(error) => self.problem = Some(unreadable(error)),
        }
        self.dataset = Some(dataset);
    }

    /// Compares the pixels of frames that were read from the files of the detector. Returns `false` if no more can be compared.
    pub fn pixels(&mut self, frames: Points<'_>) -> bool {
        let Some(dataset) = self.dataset.take().filter(|_| self.problem.is_none()) else {
            return false;
        };
        let first = self.shape.len().saturating_sub(frames.shape.len());
        if self.shape[first..] != *frames.shape {
            let (stored, published) = (&self.shape[first..], frames.shape);
            let text =
                format!("has frames of shape {stored:?}, those of the detector have {published:?}");
            self.problem = Some(text);
        } else if let Err(error) = self.points(&dataset, frames) {
            self.problem = Some(unreadable(error));
        }
        self.dataset = Some(dataset);
        self.problem.is_none()
    }

    /// Returns the path of the dataset.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns `true` if the dataset has pixels, and not names of files.
    pub fn has_pixels(&self) -> bool {
        let number = self.dataset.as_ref().map(Dataset::number_type);
        matches!(number, Some(Ok(Some(_))))
    }

    /// Compares these texts.
    pub fn texts(&mut self, block: &TextBlock) {
        if self.problem.is_some() {
            return;
        }
        let Some(dataset) = &self.dataset else {
            self.beyond += block.count;
            return;
        };
        if self.present.is_empty() {
            match dataset.elements(MAX_TEXTS) {
                Ok(read) => self.present = read.texts.unwrap_or_default(),
                Err(error) => self.problem = Some(unreadable(error)),
            }
        }
        let rank = self.shape.len().saturating_sub(block.shape.len());
        let (grid, stored) = self.shape.split_at(rank);
        let length: u64 = grid.iter().product();
        let end = block.first.saturating_add(block.count);
        self.beyond += end.saturating_sub(length.max(block.first));
        // Points that are shorter than others are followed by empty texts.
        let size = stored.iter().product::<u64>().max(1) as usize;
        if *stored != *block.shape {
            return;
        }
        for (index, published) in (block.first..end.min(length)).zip(block.texts.chunks(size)) {
            let hole = |(begin, end): &(u64, u64)| (*begin..*end).contains(&index);
            let at = (index as usize).saturating_mul(size);
            let Some(stored) = self.present.get(at..at.saturating_add(size)) else {
                continue;
            };
            if self.holes.iter().any(hole) {
                continue;
            }
            self.compared += 1;
            if stored != published {
                self.differing += 1;
                self.first.get_or_insert_with(|| {
                    format!("point {index} is {stored:?} and not {published:?}")
                });
            }
        }
    }

    /// Compares points, in pieces that lie together in the dataset. Returns the index behind the last one that it has.
    fn points(&mut self, dataset: &Dataset, points: Points<'_>) -> h5::Result<u64> {
        let Points { element, shape, .. } = points;
        let bytes = points.data.len() as u64 / points.count.max(1);
        let grid: Vec<u64> = self.shape[..self.shape.len().saturating_sub(shape.len())].to_vec();
        let row = grid.last().copied().unwrap_or(1).max(1);
        let length: u64 = grid.iter().product();
        let (mut next, end) = (points.first, points.first + points.count);
        while next < end.min(length) {
            let run = match grid.len() {
                0 | 1 => end.min(length) - next,
                _ => (row - next % row).min(end - next),
            };
            let (start, count) = selection(&grid, shape, next, run);
            let stored = dataset.read_block_as(&start, &count, element)?;
            let from = ((next - points.first) * bytes) as usize;
            let published = &points.data[from..from + (run * bytes) as usize];
            self.pieces(element, next, bytes as usize, published, &stored);
            next += run;
        }
        Ok(next)
    }

    fn pieces(
        &mut self,
        element: &ElementType,
        first: u64,
        size: usize,
        published: &[u8],
        stored: &[u8],
    ) {
        let both = published
            .chunks(size.max(1))
            .zip(stored.chunks(size.max(1)));
        for (index, (published, stored)) in (first..).zip(both) {
            // What was missing may have come to Redis late.
            let hole = |(begin, end): &(u64, u64)| (*begin..*end).contains(&index);
            if self.holes.iter().any(hole) {
                continue;
            }
            self.compared += 1;
            if published != stored {
                self.differing += 1;
                self.first
                    .get_or_insert_with(|| difference(element, index, published, stored));
            }
        }
    }

    /// What was found.
    pub fn findings(self) -> Vec<Finding> {
        let at = || self.path.as_str();
        let mut findings = Vec::new();
        if let Some(problem) = &self.problem {
            findings.push(Finding::problem(at(), problem.clone()));
        }
        if let Some(first) = &self.first {
            let all = match self.differing {
                1 => "1 point differs".to_owned(),
                several => format!("{several} points differ"),
            };
            findings.push(Finding::problem(at(), format!("{all} from Redis: {first}")));
        }
        if self.beyond > 0 {
            let Comparison { beyond, stream, .. } = &self;
            let text = format!("Redis has {beyond} points of {stream:?} more");
            findings.push(Finding::problem(at(), text));
        }
        if self.lost > 0 {
            let text = format!("Redis no longer has {} points of it", self.lost);
            findings.push(Finding::note(at(), text));
        }
        findings
    }
}

fn unreadable(error: h5::Error) -> String {
    format!("cannot be read: {error}")
}

/// The block of a dataset that holds so many points from `first` on, which lie in one row.
fn selection(grid: &[u64], point: &[u64], first: u64, run: u64) -> (Vec<u64>, Vec<u64>) {
    let (mut start, mut count) = (vec![0; grid.len()], vec![1; grid.len()]);
    let mut index = first;
    for (at, extent) in grid.iter().enumerate().rev() {
        start[at] = match at {
            0 => index,
            _ => index % extent.max(&1),
        };
        index /= extent.max(&1);
    }
    if let Some(last) = count.last_mut() {
        *last = run;
    }
    start.extend(point.iter().map(|_| 0));
    count.extend(point);
    (start, count)
}

/// The first element of a point that differs.
fn difference(element: &ElementType, index: u64, published: &[u8], stored: &[u8]) -> String {
    let size = element.size().unwrap_or(1).max(1);
    let mut both = published.chunks(size).zip(stored.chunks(size)).enumerate();
    let Some((at, (published, stored))) = both.find(|(_, (a, b))| a != b) else {
        return format!("point {index}");
    };
    let text = |bytes| h5::element_text(element, bytes).unwrap_or_else(|error| error.to_string());
    let place = match published.len() {
        _ if at == 0 => String::new(),
        _ => format!(", element {at}"),
    };
    format!(
        "point {index}{place} is {} and not {}",
        text(stored),
        text(published)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_of_a_grid_lie_in_rows() {
        assert_eq!(selection(&[10], &[], 3, 5), (vec![3], vec![5]));
        assert_eq!(selection(&[10], &[4], 3, 5), (vec![3, 0], vec![5, 4]));
        assert_eq!(selection(&[3, 4], &[], 6, 2), (vec![1, 2], vec![1, 2]));
        assert_eq!(
            selection(&[2, 3, 4], &[7], 13, 3),
            (vec![1, 0, 1, 0], vec![1, 1, 3, 7])
        );
    }
}
