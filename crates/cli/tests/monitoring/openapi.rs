//! The description of the interface (OpenAPI) is true: every path is asked, and every field of the answers is described.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Map, Value as Json, json};

use crate::fixture::{Fixture, Watched, end, path_of, send, wait_until};

const DESCRIPTION: &str = include_str!("../../../web/openapi.json");

/// Compares a value with its description. A field that is not described is an error, and so is another type.
fn check(value: &Json, schema: &Json, all: &Json, place: &str) -> Result<(), String> {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.strip_prefix('#').unwrap();
        return check(value, all.pointer(name).unwrap(), all, place);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let mut errors = Vec::new();
        for schema in any {
            match check(value, schema, all, place) {
                Ok(()) => return Ok(()),
                Err(error) => errors.push(error),
            }
        }
        return Err(errors.join(" and "));
    }
    let types: Vec<&str> = match &schema["type"] {
        Json::String(name) => vec![name],
        Json::Array(names) => names.iter().map(|name| name.as_str().unwrap()).collect(),
        other => panic!("{place}: type {other}"),
    };
    let found: &[&str] = match value {
        Json::Null => &["null"],
        Json::Bool(_) => &["boolean"],
        Json::Number(number) if number.is_f64() => &["number"],
        Json::Number(_) => &["integer", "number"],
        Json::String(_) => &["string"],
        Json::Array(_) => &["array"],
        Json::Object(_) => &["object"],
    };
    if !found.iter().any(|found| types.contains(found)) {
        return Err(format!("{place} is {value}"));
    }
    if let (Some(names), Json::String(text)) = (schema["enum"].as_array(), value)
        && !names.contains(&json!(text))
    {
        return Err(format!("{place} is {text:?}"));
    }
    for item in value.as_array().into_iter().flatten() {
        check(item, &schema["items"], all, &format!("{place}[]"))?;
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        let described = match &schema["properties"][name] {
            Json::Null => &schema["additionalProperties"],
            described => described,
        };
        if described.is_null() {
            return Err(format!("{place}.{name} is not described"));
        }
        check(member, described, all, &format!("{place}.{name}"))?;
    }
    Ok(())
}

/// Puts schemas together of which all hold.
fn joined(schema: &Json, all: &Json) -> Json {
    let Some(parts) = schema["allOf"].as_array() else {
        return schema.clone();
    };
    let mut properties = Map::new();
    let mut open: Vec<Json> = parts.clone();
    while let Some(part) = open.pop() {
        if let Some(name) = part["$ref"].as_str() {
            open.push(all.pointer(&name[1..]).unwrap().clone());
        }
        open.extend(part["anyOf"].as_array().into_iter().flatten().cloned());
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
    }
    json!({"type": "object", "properties": properties})
}

/// Asks for a path with the examples of its parameters, and returns how the answer differs from its description.
fn ask(
    watched: &Watched,
    path: &str,
    get: &Json,
    [key, file]: [&str; 2],
    all: &Json,
) -> Result<(), String> {
    let mut address = path
        .replace("{key}", &key.replace(':', "%3A"))
        .replace("{id}", file);
    let mut separator = '?';
    for parameter in get["parameters"].as_array().unwrap() {
        let example = &parameter["example"];
        if parameter["in"] == "query" && !example.is_null() {
            let value = match example.as_str() {
                Some("FILE") => file.to_owned(),
                Some(text) => text.to_owned(),
                None => example.to_string(),
            };
            address = format!(
                "{address}{separator}{}={value}",
                parameter["name"].as_str().unwrap()
            );
            separator = '&';
        }
    }
    if path == "/api/v1/events" {
        return first_event(watched, &address);
    }
    let answer = watched.get(&address);
    let described = &get["responses"][answer.status.to_string()];
    if answer.status >= 300 || described.is_null() {
        return Err(format!("{address}: {} {}", answer.status, answer.body));
    }
    for name in described["headers"].as_object().into_iter().flatten() {
        answer
            .header(name.0)
            .ok_or(format!("{address}: no {}", name.0))?;
    }
    let Some(content) = described["content"].as_object() else {
        return Ok(());
    };
    let (kind, about) = content.iter().next().unwrap();
    if answer.header("content-type") != Some(kind) {
        return Err(format!("{address}: {:?}", answer.headers));
    }
    if kind == "application/json" {
        let value = serde_json::from_str(&answer.body).unwrap();
        check(&value, &joined(&about["schema"], all), all, path)?;
    }
    Ok(())
}

fn first_event(watched: &Watched, address: &str) -> Result<(), String> {
    let mut connection = TcpStream::connect(watched.address).unwrap();
    let request = format!("GET {address} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    connection.write_all(request.as_bytes()).unwrap();
    let mut text = Vec::new();
    let mut part = [0; 4096];
    while !text.windows(12).any(|found| found == b"event: state") {
        let bytes = connection.read(&mut part).unwrap();
        if bytes == 0 {
            return Err(String::from_utf8_lossy(&text).into_owned());
        }
        text.extend_from_slice(&part[..bytes]);
    }
    let head = String::from_utf8_lossy(&text).into_owned();
    match head.contains("text/event-stream") {
        true => Ok(()),
        false => Err(head),
    }
}

#[tokio::test]
async fn every_path_answers_as_described() {
    let all: Json = serde_json::from_str(DESCRIPTION).unwrap();
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let info = json!({
        "title": "amesh", "data_dim": 2, "npoints1": 2, "npoints2": 2, "npoints": 4,
        "channels": {"samy": {"axis_id": 0, "axis_kind": "forth", "unit": "mm"}},
        "plots": [{"kind": "curve-plot", "items": [{"x": "samy", "y": "diode"}]}],
    });
    let streams = [
        ("samy", "<f8", &[][..]),
        ("diode", "<f8", &[][..]),
        ("mca", "|u1", &[3][..]),
        ("camera", "|u1", &[2, 2][..]),
    ];
    let file = fixture.file("data.h5");
    let (scan, publishers) = fixture.start("demo", &file, 1, info, &streams).await;
    let listed = watched.wait_for_json("/api/v1/scans", |list| list["scans"][0].is_object());
    let key = listed["scans"][0]["key"].as_str().unwrap().to_owned();
    watched.wait_for_json(&path_of(&key, ""), |scan| scan["channels"][3].is_object());
    // An image is shown from the first question on.
    watched.get(&path_of(&key, "/image?channel=camera"));
    for stream in &publishers[..2] {
        send(stream, &[1.0, 2.0]).await;
    }
    for (stream, point) in publishers[2..].iter().zip([&[1, 2, 3][..], &[1, 2, 3, 4]]) {
        stream.send(point, 1).await.unwrap();
        stream.settle().await.unwrap();
    }
    wait_until("the image", || {
        watched.get(&path_of(&key, "/image?channel=camera")).status == 200
            && watched.get(&path_of(&key, "/spectrum?channel=mca")).status == 200
    });
    let listed = watched.wait_for_json("/api/v1/scans", |list| {
        list["scans"][0]["files"][0]["id"].is_string()
    });
    let id = listed["scans"][0]["files"][0]["id"].as_str().unwrap();
    let data = format!("/api/h5grove/data?file={id}&path=/diode");
    watched.wait_for_json(&data, |points| *points == json!([1.0, 2.0]));
    let mut asked = BTreeSet::new();
    let mut ask_all = || {
        for (path, about) in all["paths"].as_object().unwrap() {
            ask(&watched, path, &about["get"], [&key, id], &all).unwrap();
            asked.insert(path.clone());
        }
    };
    // Once while the scan runs, and once when it has ended.
    ask_all();
    end(scan).await;
    watched.wait_for_json("/api/v1/state", |state| state["last"].is_object());
    ask_all();
    assert_eq!(asked.len(), 16);
    watched.end();
}
