//! The state of a writer as lines for people.

use serde_json::Value as Json;

/// The most characters of a title.
const MAX_TITLE: usize = 60;

/// Describes the state of a writer.
pub fn describe(url: &str, state: &Json) -> String {
    let mut lines = vec![format!(
        "{}  ({url}, version {})",
        text(&state["head"]["text"]),
        text(&state["build"]["version"])
    )];
    for session in list(&state["sessions"]) {
        let (name, is) = (text(&session["name"]), text(&session["state"]));
        lines.push(format!(
            "  session {name}: {is}, {}",
            text(&session["text"])
        ));
    }
    for check in list(&state["checks"])
        .iter()
        .filter(|check| check["ok"] == false)
    {
        let (name, since) = (text(&check["name"]), text(&check["since"]));
        lines.push(format!("  {name} since {since}: {}", text(&check["text"])));
    }
    for scan in list(&state["scans"]) {
        lines.push(running(scan));
        let warnings = list(&scan["warnings"]).iter();
        lines.extend(warnings.map(|warning| format!("    ! {}", text(warning))));
    }
    if state["last"].is_object() {
        let last = &state["last"];
        let (name, outcome) = (text(&last["name"]), text(&last["outcome"]));
        let points = &last["points"];
        lines.push(format!(
            "  last: {name} {outcome}, {points} points, {}",
            text(&last["reason"])
        ));
    }
    for disk in list(&state["disks"]) {
        let free = disk["free_bytes"].as_f64().unwrap_or_default() / 1e9;
        lines.push(format!("  {}: {free:.1} GB free", text(&disk["path"])));
    }
    lines.iter().fold(String::new(), |mut all, line| {
        all.push_str(line);
        all.push('\n');
        all
    })
}

fn running(scan: &Json) -> String {
    let (name, points) = (text(&scan["name"]), &scan["points"]);
    let title: String = text(&scan["title"]).chars().take(MAX_TITLE).collect();
    let mut line = format!("  {name:<20} {title:<30} {points}");
    let mut add = |part: std::fmt::Arguments| line += &part.to_string();
    if let Some(expected) = scan["expected"].as_u64() {
        add(format_args!(" of {expected}"));
    }
    let number = |field: &str| scan[field].as_f64();
    let rate = number("points_per_second").unwrap_or_default();
    let lag = number("lag_seconds").unwrap_or_default();
    add(format_args!(" points, {rate:.1}/s, {lag:.1} s behind"));
    if let Some(remaining) = number("remaining_seconds") {
        add(format_args!(", {remaining:.0} s left"));
    }
    if let Some(margin) = number("margin_seconds") {
        add(format_args!(", Redis keeps its points for {margin:.0} s"));
    }
    if let Some(lost) = scan["lost"].as_u64().filter(|lost| *lost > 0) {
        add(format_args!(", {lost} LOST"));
    }
    let waiting = text(&scan["text"]);
    if !waiting.is_empty() {
        add(format_args!(", {waiting}"));
    }
    line
}

fn list(json: &Json) -> &[Json] {
    json.as_array().map_or(&[], Vec::as_slice)
}

/// Returns a text without characters that a terminal would obey: titles come from users of other programs.
fn text(json: &Json) -> String {
    let text = json.as_str().unwrap_or_default();
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_lost_and_why_is_seen() {
        let state = json!({
            "head": {"text": "Scan 3_ascan: 2 points are lost."}, "build": {"version": "1.0"},
            "sessions": [{"name": "demo", "state": "saving", "text": "scans are taken"}],
            "checks": [{"name": "disk", "ok": true, "text": "good"}],
            "scans": [{
                "name": "3_ascan", "title": "ascan \u{1b}[31m", "points": 5, "expected": 10, "lost": 2,
                "points_per_second": 2.0, "lag_seconds": 0.26, "remaining_seconds": 2.5,
                "margin_seconds": null, "text": "", "warnings": ["Redis no longer has them"],
            }],
            "last": null,
            "disks": [{"path": "/data", "free_bytes": 1_500_000_000_u64}],
        });
        let shown = describe("http://localhost:9610/", &state);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(
            lines[0],
            "Scan 3_ascan: 2 points are lost.  (http://localhost:9610/, version 1.0)"
        );
        assert_eq!(lines[1], "  session demo: saving, scans are taken");
        assert!(
            lines[2].contains("5 of 10 points, 2.0/s, 0.3 s behind, 2 s left, 2 LOST"),
            "{shown}"
        );
        assert_eq!(
            lines[3..],
            ["    ! Redis no longer has them", "  /data: 1.5 GB free"]
        );
        assert!(!shown.contains('\u{1b}'));
    }

    #[test]
    fn a_state_of_another_form_is_shown_as_far_as_it_goes() {
        for state in [
            json!(null),
            json!([]),
            json!({"scans": 3, "last": [], "head": {"text": 1}}),
        ] {
            assert_eq!(describe("u", &state).lines().count(), 1);
        }
    }
}
