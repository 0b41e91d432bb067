//! Writes families of metrics.

use std::fmt;
use std::time::Duration;

use observation::HistogramSnapshot;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeLabelSet, MetricEncoder,
    NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

/// What a family of metrics is called, and what its help says.
pub struct Family<'a> {
    /// Its name, without the prefix of the program, its unit, and what OpenMetrics adds for its type.
    pub name: &'a str,
    /// One sentence for people, without its full stop.
    pub help: &'a str,
    /// The unit in which it counts, which becomes part of the name.
    pub unit: Option<Unit>,
}

/// A family without a unit.
pub fn plain<'a>(name: &'a str, help: &'a str) -> Family<'a> {
    Family {
        name,
        help,
        unit: None,
    }
}

/// A family of bytes.
pub fn bytes<'a>(name: &'a str, help: &'a str) -> Family<'a> {
    Family {
        name,
        help,
        unit: Some(Unit::Bytes),
    }
}

/// A family of seconds.
pub fn seconds<'a>(name: &'a str, help: &'a str) -> Family<'a> {
    Family {
        name,
        help,
        unit: Some(Unit::Seconds),
    }
}

/// No labels.
pub const NO_LABELS: [(&str, &str); 0] = [];

/// Writes families, one after the other.
pub struct Figures<'a>(pub DescriptorEncoder<'a>);

impl Figures<'_> {
    /// Writes counters. `_total` is added to their name.
    pub fn counters<L: EncodeLabelSet, V: EncodeCounterValue>(
        &mut self,
        family: Family,
        series: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        self.family(family, MetricType::Counter, series, |mut encoder, value| {
            encoder.encode_counter::<NoLabelSet, _, f64>(&value, None)
        })
    }

    /// Writes gauges.
    pub fn gauges<L: EncodeLabelSet, V: EncodeGaugeValue>(
        &mut self,
        family: Family,
        series: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        self.family(family, MetricType::Gauge, series, |mut encoder, value| {
            encoder.encode_gauge(&value)
        })
    }

    /// Writes a gauge without labels.
    pub fn gauge(&mut self, family: Family, value: f64) -> fmt::Result {
        self.gauges(family, [(NO_LABELS, value)])
    }

    /// Writes a counter without labels.
    pub fn counter<V: EncodeCounterValue>(&mut self, family: Family, value: V) -> fmt::Result {
        self.counters(family, [(NO_LABELS, value)])
    }

    /// Writes histograms of times.
    pub fn histograms<L: EncodeLabelSet>(
        &mut self,
        family: Family,
        series: impl IntoIterator<Item = (L, HistogramSnapshot)>,
    ) -> fmt::Result {
        self.family(
            family,
            MetricType::Histogram,
            series,
            |mut encoder, times| {
                let bound = |bound: Option<Duration>| {
                    bound.map_or(f64::INFINITY, |bound| bound.as_secs_f64())
                };
                let buckets = times.buckets.iter();
                let buckets: Vec<_> = buckets.map(|(end, count)| (bound(*end), *count)).collect();
                let sum = times.sum.as_secs_f64();
                encoder.encode_histogram::<NoLabelSet>(sum, times.count, &buckets, None)
            },
        )
    }

    /// Writes a piece of information: labels, and the value 1.
    pub fn info<L: EncodeLabelSet>(&mut self, family: Family, labels: &L) -> fmt::Result {
        let Family { name, help, .. } = family;
        let encoder = &mut self.0;
        let mut encoder = encoder.encode_descriptor(name, help, None, MetricType::Info)?;
        encoder.encode_info(labels)
    }

    fn family<L: EncodeLabelSet, V>(
        &mut self,
        family: Family,
        metric_type: MetricType,
        series: impl IntoIterator<Item = (L, V)>,
        encode: impl Fn(MetricEncoder, V) -> fmt::Result,
    ) -> fmt::Result {
        let Family { name, help, unit } = family;
        let encoder = &mut self.0;
        let mut encoder = encoder.encode_descriptor(name, help, unit.as_ref(), metric_type)?;
        for (labels, value) in series {
            encode(encoder.encode_family(&labels)?, value)?;
        }
        Ok(())
    }
}
