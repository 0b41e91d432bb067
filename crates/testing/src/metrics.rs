//! Metrics in the text format of OpenMetrics.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::Stdio;

use serde::Deserialize;

use crate::python::python;

/// The samples of an answer: the names of series as they are in the text, with their labels, and their values.
#[derive(Debug, Clone)]
pub struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    /// Reads the samples of a text that is known to be well-formed.
    pub fn read(text: &str) -> Metrics {
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let parsed = samples.map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            (series.to_owned(), value.parse().unwrap())
        });
        Metrics(parsed.collect())
    }

    /// Returns the value of a series: `name{label="value"}`.
    pub fn get(&self, series: &str) -> Option<f64> {
        self.0.get(series).copied()
    }

    /// Returns the value of a series that exists.
    pub fn value(&self, series: &str) -> f64 {
        self.get(series)
            .unwrap_or_else(|| panic!("{series} is not among {:#?}", self.0.keys()))
    }

    /// Returns the sum of all series whose name begins so.
    pub fn sum(&self, prefix: &str) -> f64 {
        let matching = self.0.iter().filter(|(name, _)| name.starts_with(prefix));
        matching.map(|(_, value)| value).sum()
    }

    /// Returns the names of all series.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// A family of metrics, as another parser understands it.
#[derive(Debug, Deserialize)]
pub struct MetricFamily {
    /// Its name, without what its type adds.
    pub name: String,
    /// `counter`, `gauge`, `histogram`, `info`.
    pub kind: String,
    /// What it says about itself.
    pub help: String,
    /// Its unit, or empty.
    pub unit: String,
    /// Names, labels, and values, in which infinity is a text.
    pub samples: Vec<(String, BTreeMap<String, String>, serde_json::Value)>,
}

/// Parses metrics with the parser of the Python package `prometheus_client`, which accepts nothing but OpenMetrics.
pub fn parse_metrics(text: &str) -> Vec<MetricFamily> {
    let mut command = python();
    command.arg("openmetrics.py").stdin(Stdio::piped());
    let mut parser = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut input = parser.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    let parsed = parser.wait_with_output().unwrap();
    assert!(parsed.status.success(), "{text}");
    serde_json::from_slice(&parsed.stdout).unwrap()
}
