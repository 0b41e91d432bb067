//! The questions that h5grove was asked, too.

use file_request::{DataFormat, LinkResolution, Question};
use serde_json::{Value as Json, json};

/// Paths of the sample.
const PATHS: [&str; 13] = [
    "/",
    "/1.1",
    "/1.1/title",
    "/1.1/measurement",
    "/1.1/measurement/diode",
    "/1.1/plot",
    "/1.1/plot/diode",
    "/1.1/types",
    "/1.1/links",
    "/1.1/links/up/diode",
    "/1.1/links/other",
    "/1.1/links/other/frames",
    "/1.1/links/virtual",
];

/// Datasets of the sample, whose elements are asked for.
const NUMBERS: [&str; 18] = [
    "/1.1/measurement/image",
    "/1.1/plot/diode",
    "/1.1/links/frames",
    "/1.1/links/virtual",
    "/1.1/types/big",
    "/1.1/types/single",
    "/1.1/types/half",
    "/1.1/types/truths",
    "/1.1/types/truth",
    "/1.1/types/integer",
    "/1.1/types/large",
    "/1.1/types/double",
    "/1.1/types/bytes",
    "/1.1/types/nothing",
    "/1.1/types/complex",
    "/1.1/types/odd",
    "/1.1/links/other/frames",
    "/1.1/measurement/diode",
];

const OTHERS: [&str; 4] = [
    "/1.1/title",
    "/1.1/types/texts",
    "/1.1/types/fixed",
    "/1.1/types/table",
];

/// Returns all questions, as the parameters of requests.
pub fn all() -> Vec<Json> {
    let mut questions = Vec::new();
    for path in PATHS {
        questions.push(json!({"kind": "meta", "path": path}));
        questions.push(json!({"kind": "attr", "path": path}));
    }
    for path in ["/1.1/links", "/1.1/plot"] {
        questions.push(json!({"kind": "meta", "path": path, "resolve_links": "none"}));
    }
    for path in ["/1.1/links/gone", "/1.1/links/wrong", "/1.1/plot/image"] {
        questions.push(json!({"kind": "meta", "path": path}));
        questions.push(json!({"kind": "meta", "path": path, "resolve_links": "all"}));
    }
    questions.push(json!({"kind": "attr", "path": "/1.1", "attr_keys": ["truth", "names"]}));
    for path in ["/nothing", "/1.1/title/below", "/1.1/links/gone/below"] {
        questions.push(json!({"kind": "meta", "path": path}));
    }
    // h5grove fails for JSON of numbers that are not in the order of its machine.
    let swapped = "/1.1/types/big";
    for path in NUMBERS
        .iter()
        .chain(&OTHERS)
        .filter(|path| **path != swapped)
    {
        questions.push(json!({"kind": "data", "path": path}));
        questions.push(json!({"kind": "data", "path": path, "flatten": true}));
    }
    for path in NUMBERS {
        for format in ["bin", "npy"] {
            questions.push(json!({"kind": "data", "path": path, "format": format}));
            questions
                .push(json!({"kind": "data", "path": path, "format": format, "dtype": "safe"}));
        }
        // Nor has it statistics of numbers above 2^63; those of complex numbers are of their real parts.
        if !path.ends_with("/large") && !path.ends_with("/complex") {
            questions.push(json!({"kind": "stats", "path": path}));
        }
    }
    for selection in [
        "0",
        "-1",
        "0:2",
        "1,2:4",
        ":,1",
        "::2,:,1:5:3",
        "0:0",
        "0:100,-2:",
        "7",
        "1,1,1,1",
        "x",
    ] {
        for format in ["json", "bin"] {
            let path = "/1.1/measurement/image";
            questions.push(
                json!({"kind": "data", "path": path, "format": format, "selection": selection}),
            );
        }
    }
    questions
        .push(json!({"kind": "stats", "path": "/1.1/measurement/image", "selection": "1,0:2"}));
    questions.push(json!({"kind": "data", "path": "/1.1/title", "dtype": "safe"}));
    for path in ["/", "/1.1/measurement", "/1.1/links/other"] {
        questions.push(json!({"kind": "paths", "path": path}));
    }
    questions
}

/// Returns a question as the reader understands it.
pub fn question(about: &Json) -> Question {
    let text = |name: &str| about[name].as_str().map(str::to_owned);
    let path = text("path").unwrap();
    let links = match about["resolve_links"].as_str() {
        Some("none") => LinkResolution::None,
        Some("all") => LinkResolution::All,
        _ => LinkResolution::OnlyValid,
    };
    let names = about["attr_keys"].as_array().into_iter().flatten();
    match about["kind"].as_str().unwrap() {
        "meta" => Question::Meta { path, links },
        "attr" => Question::Attributes {
            path,
            links,
            names: names
                .map(|name| name.as_str().unwrap().to_owned())
                .collect(),
        },
        "paths" => Question::Paths { path, links },
        "stats" => Question::Stats {
            path,
            links,
            selection: text("selection"),
        },
        _ => Question::Data {
            path,
            links,
            selection: text("selection"),
            format: match about["format"].as_str() {
                Some("bin") => DataFormat::Binary,
                Some("npy") => DataFormat::Npy,
                _ => DataFormat::Json,
            },
            is_safe: about["dtype"] == "safe",
            is_flat: about["flatten"] == true,
        },
    }
}
