//! The alerts and the dashboard of the project name metrics that exist.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Metrics that Prometheus makes itself.
const OF_PROMETHEUS: [&str; 1] = ["up"];

fn read(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../monitoring");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// Returns the names of metrics in an expression or any other text: words with one of the prefixes, and not as a value.
fn names(text: &str) -> BTreeSet<&str> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let words = text.split(|character| !is_part(character));
    words
        .filter(|word| word.starts_with("nexus_writer_") || word.starts_with("process_"))
        .collect()
}

fn unknown<'t>(used: &BTreeSet<&'t str>) -> Vec<&'t str> {
    let known = web::metric_names();
    let is_known = |name: &str| known.iter().any(|known| known == name);
    let unknown = used.iter().filter(|name| !is_known(name));
    unknown.copied().collect()
}

#[test]
fn alerts_name_metrics_that_exist() {
    let rules = read("nexus-writer.rules.yml");
    let used = names(&rules);
    assert!(used.len() >= 8, "{used:?}");
    assert_eq!(unknown(&used), Vec::<&str>::new());
    assert!(rules.contains(OF_PROMETHEUS[0]));
}

#[test]
fn every_alert_has_a_test() {
    let (rules, tests) = (
        read("nexus-writer.rules.yml"),
        read("nexus-writer.rules.test.yml"),
    );
    let alerts = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    let alerts: Vec<_> = alerts.collect();
    assert_eq!(alerts.len(), 8);
    for alert in alerts {
        let of_alert = tests.split("alertname: ").skip(1);
        let fires = of_alert.filter(|test| test.starts_with(alert) && test.contains("exp_alerts"));
        assert!(fires.count() > 0, "{alert}");
    }
}

#[test]
fn the_dashboard_shows_metrics_that_exist() {
    let text = read("nexus-writer.dashboard.json");
    let dashboard: serde_json::Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut used = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()));
        for target in panel["targets"].as_array().into_iter().flatten() {
            let expression = target["expr"].as_str().unwrap();
            let found = names(expression);
            assert!(!found.is_empty(), "{expression}");
            used.extend(found);
        }
    }
    assert_eq!(unknown(&used), Vec::<&str>::new());
    assert!(used.len() > 25, "{used:?}");
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let variables: Vec<_> = variables.iter().map(|variable| &variable["name"]).collect();
    assert_eq!(variables, ["datasource", "instance", "session"]);
}
