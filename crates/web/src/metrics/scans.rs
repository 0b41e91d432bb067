//! Metrics of scans, by session.

use std::fmt;
use std::sync::Arc;

use observation::{HistogramSnapshot, LossCause, Observation, ScanOutcome, SessionFigures};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue};
use prometheus_client::registry::Unit;

use super::figures::{Family, Figures, bytes, plain, seconds};

/// Metrics of scans, by session.
#[derive(Debug)]
pub struct ScanMetrics(pub Arc<Observation>);

type Sessions = [(String, Arc<SessionFigures>)];

impl Collector for ScanMetrics {
    fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
        let sessions = self.0.sessions.all();
        let mut figures = Figures(encoder);
        encode_scans(&mut figures, &sessions)?;
        encode_points(&mut figures, &sessions)
    }
}

fn encode_scans(figures: &mut Figures, sessions: &Sessions) -> fmt::Result {
    let ended = sessions.iter().flat_map(|(name, session)| {
        ScanOutcome::ALL.map(|outcome| {
            let labels = [("session", &**name), ("outcome", outcome.label())];
            (labels, session.scans(outcome))
        })
    });
    figures.counters(plain("scans", "Scans whose saving has ended"), ended)?;
    let family = plain("scans_running", "Scans that are being saved");
    gauges(figures, family, sessions, |session| session.running.get())?;
    let help = "Scans that were continued from what an earlier writer had left";
    let family = plain("scans_resumed", help);
    counters(figures, family, sessions, |session| session.resumed.get())?;
    let family = plain("warnings", "Warnings about scans");
    counters(figures, family, sessions, |session| session.warnings.get())?;
    figures.histograms(
        seconds(
            "scan_duration",
            "Time from the subscription to a scan to the end of its saving",
        ),
        ScanOutcome::ALL.map(|outcome| {
            let of_session =
                |(_, session): &(String, Arc<SessionFigures>)| session.duration(outcome).snapshot();
            let times = sessions.iter().map(of_session);
            // Without a session there are the buckets of one that has no scans.
            let none = SessionFigures::default().duration(outcome).snapshot();
            ([("outcome", outcome.label())], times.fold(none, sum))
        }),
    )
}

fn encode_points(figures: &mut Figures, sessions: &Sessions) -> fmt::Result {
    let family = plain("points_received", "Points that came from Redis");
    counters(figures, family, sessions, |session| {
        session.points_received.get()
    })?;
    let family = plain("points_written", "Points that were given to files");
    counters(figures, family, sessions, |session| {
        session.points_written.get()
    })?;
    let family = bytes("received", "Data of points that came from Redis");
    counters(figures, family, sessions, |session| {
        session.bytes_received.get()
    })?;
    let family = bytes("written", "Data that were given to HDF5, after encoding");
    counters(figures, family, sessions, |session| {
        session.bytes_written.get()
    })?;
    let lost = sessions.iter().flat_map(|(name, session)| {
        LossCause::ALL.map(|cause| {
            let labels = [("session", &**name), ("cause", cause.name())];
            (labels, session.lost(cause).get())
        })
    });
    figures.counters(
        plain("points_lost", "Points that are missing in files"),
        lost,
    )?;
    let family = seconds(
        "lag",
        "Age of the oldest published point that is in no file yet",
    );
    gauges(figures, family, sessions, |session| {
        session.lag_seconds.get()
    })?;
    let family = Family {
        name: "lag",
        help: "Points that are published and in no file yet",
        unit: Some(Unit::Other("points".to_owned())),
    };
    gauges(figures, family, sessions, |session| {
        session.lag_points.get()
    })
}

fn counters<V: EncodeCounterValue>(
    figures: &mut Figures,
    family: Family,
    sessions: &Sessions,
    value: impl Fn(&SessionFigures) -> V,
) -> fmt::Result {
    let series = sessions.iter();
    let series = series.map(|(name, session)| ([("session", &**name)], value(session)));
    figures.counters(family, series)
}

fn gauges<V: EncodeGaugeValue>(
    figures: &mut Figures,
    family: Family,
    sessions: &Sessions,
    value: impl Fn(&SessionFigures) -> V,
) -> fmt::Result {
    let series = sessions.iter();
    let series = series.map(|(name, session)| ([("session", &**name)], value(session)));
    figures.gauges(family, series)
}

/// Adds times up that were counted in the same buckets.
fn sum(mut total: HistogramSnapshot, other: HistogramSnapshot) -> HistogramSnapshot {
    for ((_, count), (_, more)) in total.buckets.iter_mut().zip(&other.buckets) {
        *count += more;
    }
    total.count += other.count;
    total.sum += other.sum;
    total
}
