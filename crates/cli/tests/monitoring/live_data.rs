//! Data of scans for the live page: curves, spectra, images, maps.

use serde_json::{Value as Json, json};
use simulation::publish::StreamPublisher;

use crate::fixture::{Fixture, Watched, end, path_of, send};

async fn send_bytes(stream: &StreamPublisher, points: &[u8], count: u64) {
    stream.send(points, count).await.unwrap();
    stream.settle().await.unwrap();
}

/// Waits until the only scan has received so many points of its first channel. Returns its key.
fn wait_for_points(watched: &Watched, points: u64) -> String {
    let listed = watched.wait_for_json("/api/v1/scans", |list| list["scans"][0].is_object());
    let key = listed["scans"][0]["key"].as_str().unwrap().to_owned();
    watched.wait_for_json(&path_of(&key, ""), |scan| {
        scan["channels"][0]["received"] == points
    });
    key
}

fn numbers(content: &[u8]) -> Vec<f32> {
    let (numbers, rest) = content.as_chunks::<4>();
    assert!(rest.is_empty());
    numbers
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect()
}

#[tokio::test]
async fn a_curve_has_the_values_that_were_published() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let streams = [("axis:samy", "<f8", &[][..]), ("diode", ">i4", &[][..])];
    let file = fixture.file("data.h5");
    let (scan, publishers) = fixture.start("demo", &file, 1, json!({}), &streams).await;
    let (samy, diode) = (&publishers[0], &publishers[1]);
    send(samy, &[0.5, 1.5, f64::NAN]).await;
    for value in [10i32, -20, 30] {
        send_bytes(diode, &value.to_be_bytes(), 1).await;
    }
    // Nobody has looked until now.
    let key = wait_for_points(&watched, 3);
    let path = path_of(&key, "/curve?x=axis%3Asamy&y=diode&y=axis:samy");
    let is_whole = |answer: &Json| answer["curves"][0]["seen"] == 3;
    let answer = watched.wait_for_json(&path, is_whole);
    let curve = &answer["curves"][0];
    assert_eq!(answer["x"]["name"], "axis:samy");
    assert_eq!(curve["name"], "diode");
    assert_eq!(curve["at"], json!([0, 1, 2]));
    assert_eq!(
        (&curve["low"], &curve["high"]),
        (&json!([10.0, -20.0, 30.0]), &curve["low"])
    );
    assert_eq!(curve["x_low"], json!([0.5, 1.5, null]));
    assert_eq!(curve["gaps"], 0);
    // What comes while somebody looks goes another way.
    send(samy, &[2.5]).await;
    send_bytes(diode, &40i32.to_be_bytes(), 1).await;
    let is_longer = |answer: &Json| answer["curves"][0]["at"] == json!([0, 1, 2, 3]);
    let answer = watched.wait_for_json(&path, is_longer);
    assert_eq!(answer["curves"][0]["high"][3], 40.0);
    end(scan).await;
    watched.wait_for_json("/api/v1/state", |state| state["last"].is_object());
    assert_eq!(watched.json(&path)["curves"], answer["curves"]);
    watched.end();
}

#[tokio::test]
async fn a_long_curve_is_bounded_and_keeps_its_peaks() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let streams = [("diode", "<f8", &[][..])];
    let file = fixture.file("data.h5");
    let (scan, publishers) = fixture.start("demo", &file, 1, json!({}), &streams).await;
    let key = wait_for_points(&watched, 0);
    let path = path_of(&key, "/curve?y=diode");
    watched.json(&path);
    let mut expected = 0;
    for block in 0..20 {
        let mut points = vec![1.0f64; 1000];
        points[block] = 1e6 + block as f64;
        let bytes: Vec<u8> = points
            .iter()
            .flat_map(|point| point.to_le_bytes())
            .collect();
        send_bytes(&publishers[0], &bytes, 1000).await;
        expected += 1000;
        watched.wait_for_json(&path, |answer| answer["curves"][0]["seen"] == expected);
    }
    let answer = watched.json(&path);
    let curve = &answer["curves"][0];
    let at = curve["at"].as_array().unwrap();
    assert!((512..=1024).contains(&at.len()), "{}", at.len());
    let high: Vec<f64> = curve["high"]
        .as_array()
        .unwrap()
        .iter()
        .map(|high| high.as_f64().unwrap())
        .collect();
    for block in 0..20 {
        assert!(high.contains(&(1e6 + f64::from(block))), "{block}");
    }
    assert_eq!((&curve["gaps"], &answer["x"]), (&json!(0), &Json::Null));
    end(scan).await;
    watched.end();
}

#[tokio::test]
async fn points_that_nobody_has_seen_are_a_gap() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let streams = [("diode", "|u1", &[][..])];
    let file = fixture.file("data.h5");
    let (scan, publishers) = fixture.start("demo", &file, 1, json!({}), &streams).await;
    // More than what is kept when nobody looks: 64 kB.
    for _ in 0..8 {
        send_bytes(&publishers[0], &[7; 10_000], 10_000).await;
    }
    let key = wait_for_points(&watched, 80_000);
    let path = path_of(&key, "/curve?y=diode");
    let before = watched.json(&path)["curves"][0]["seen"].as_u64().unwrap();
    assert!((10_000..=65_536).contains(&before), "{before}");
    send_bytes(&publishers[0], &[9; 10], 10).await;
    let has_news = |answer: &Json| answer["curves"][0]["seen"] == before + 10;
    let answer = watched.wait_for_json(&path, has_news);
    assert_eq!(answer["curves"][0]["gaps"], 80_000 - before);
    end(scan).await;
    watched.end();
}

#[tokio::test]
async fn a_map_undoes_the_order_of_a_snake() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let info = json!({
        "data_dim": 2, "npoints": 6, "npoints1": 3, "npoints2": 2,
        "channels": {
            "axis:samy": {"axis_id": 0, "axis_kind": "backnforth"},
            "axis:samz": {"axis_id": 1, "axis_kind": "forth"},
        },
    });
    let streams = [
        ("diode", "<f8", &[][..]),
        ("axis:samy", "<f8", &[][..]),
        ("axis:samz", "<f8", &[][..]),
    ];
    let file = fixture.file("data.h5");
    let (scan, publishers) = fixture.start("demo", &file, 1, info, &streams).await;
    send(&publishers[0], &[0.0, 1.0, 2.0, 3.0, 4.0]).await;
    let key = wait_for_points(&watched, 5);
    let grid = &watched.json(&path_of(&key, ""))["grid"];
    let expected = json!({"shape": [2, 3], "axes": ["axis:samz", "axis:samy"], "snake": true});
    assert_eq!(*grid, expected);
    let answer = watched.get(&path_of(&key, "/map?channel=diode"));
    assert_eq!(answer.header("x-shape"), Some("2,3"));
    assert_eq!(answer.header("x-index"), Some("4"));
    assert_eq!(answer.header("x-range"), Some("0,4"));
    let cells = numbers(&answer.content);
    assert_eq!(
        (&cells[..3], &cells[4..]),
        (&[0.0, 1.0, 2.0][..], &[4.0, 3.0][..])
    );
    assert!(cells[3].is_nan());
    end(scan).await;
    watched.end();
}

#[tokio::test]
async fn the_last_spectrum_and_image_are_shown() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let streams = [("mca", "<u4", &[4][..]), ("camera", "<u2", &[2, 3][..])];
    let file = fixture.file("data.h5");
    let (scan, publishers) = fixture.start("demo", &file, 1, json!({}), &streams).await;
    let key = wait_for_points(&watched, 0);
    watched.wait_for_json(&path_of(&key, ""), |scan| scan["channels"][1].is_object());
    let path = path_of(&key, "/spectrum?channel=mca");
    let none_yet = watched.get(&path);
    assert_eq!((none_yet.status, &*none_yet.body), (204, ""));
    let spectrum: Vec<u8> = [1u32, 2, 3, 70_000]
        .iter()
        .flat_map(|bin| bin.to_le_bytes())
        .collect();
    send_bytes(&publishers[0], &spectrum, 1).await;
    wait_for_points(&watched, 1);
    let answer = watched.get(&path);
    assert_eq!(answer.header("x-shape"), Some("4"));
    assert_eq!(
        answer.header("content-type"),
        Some("application/octet-stream")
    );
    assert_eq!(numbers(&answer.content), [1.0, 2.0, 3.0, 70_000.0]);
    // Images are large: none is kept before somebody asks.
    let path = path_of(&key, "/image?channel=camera");
    assert_eq!(watched.get(&path).status, 204);
    let image: Vec<u8> = (0..6u16).flat_map(|pixel| pixel.to_le_bytes()).collect();
    send_bytes(&publishers[1], &image, 1).await;
    let mut answer = watched.get(&path);
    crate::fixture::wait_until("the image", || {
        answer = watched.get(&path);
        answer.status == 200
    });
    assert_eq!(answer.header("x-shape"), Some("2,3"));
    assert_eq!(numbers(&answer.content), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let small = watched.get(&path_of(&key, "/image?channel=camera&size=2"));
    assert_eq!(small.header("x-shape"), Some("1,2"));
    assert_eq!(numbers(&small.content), [0.0, 2.0]);

    for (rest, status) in [
        ("/spectrum", 400),
        ("/spectrum?channel=camera", 400),
        ("/spectrum?channel=none", 404),
        ("/image?channel=camera&size=0", 400),
        ("/image?channel=camera&size=1e9", 400),
        ("/curve", 400),
        ("/curve?y=mca", 400),
        ("/curve?y=..%2F..%2Fetc%2Fpasswd", 404),
        ("/map?channel=mca", 400),
        ("/nothing", 404),
    ] {
        assert_eq!(watched.get(&path_of(&key, rest)).status, status, "{rest}");
    }
    let many = "&y=mca".repeat(17);
    assert_eq!(
        watched
            .get(&path_of(&key, &format!("/curve?{many}")))
            .status,
        400
    );
    for absurd in [
        "none",
        "..%2F..%2Fetc%2Fpasswd",
        "%00",
        "%ff",
        &"x".repeat(2000),
    ] {
        let answer = watched.get(&format!("/api/v1/scans/{absurd}"));
        assert!([400, 404].contains(&answer.status), "{absurd}");
    }
    end(scan).await;
    watched.end();
}

#[tokio::test]
async fn what_viewers_cost_can_be_limited() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&["--live-memory=0", "--live-viewers=0"]);
    let (scan, diode) = fixture.start_scan("demo", &fixture.file("a.h5")).await;
    send(&diode, &[0.5]).await;
    let key = wait_for_points(&watched, 1);
    let refused = watched.get(&path_of(&key, "/curve?y=diode"));
    assert_eq!(refused.status, 404);
    assert!(refused.body.contains("live.memory-mb"), "{}", refused.body);
    let refused = watched.get("/api/v1/events");
    assert_eq!(refused.status, 503);
    assert!(refused.body.contains("0 viewers"), "{}", refused.body);
    // The state can be asked for all the same.
    let state = watched.json("/api/v1/state");
    assert_eq!(state["scans"][0]["points"], 1);
    end(scan).await;
    watched.end();
}
