//! The parameters of a request.

use std::str::FromStr;

use axum::http::Uri;

use crate::guard::Refusal;

/// The parameters of a request, in their order. A name may occur several times.
#[derive(Debug, Clone, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads the parameters of an address.
    pub fn of(uri: &Uri) -> Parameters {
        let query = uri.query().unwrap_or_default();
        Parameters(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// Returns the first value of this name that is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).find(|value| !value.is_empty())
    }

    /// Returns all values of this name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let values = self.0.iter().filter(move |(known, _)| known == name);
        values.map(|(_, value)| value.as_str())
    }

    /// Returns the value of this name, or the answer that it is missing.
    pub fn required(&self, name: &str) -> Result<&str, Refusal> {
        let missing = || {
            let text = format!("the parameter {name:?} is missing");
            Refusal::bad_request(text)
        };
        self.get(name).ok_or_else(missing)
    }

    /// Reads the value of this name, or returns the answer that it is not valid.
    pub fn parsed<T: FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let invalid = |_| {
            let text = format!("the parameter {name:?} has no valid value");
            Refusal::bad_request(text)
        };
        value.parse().map(Some).map_err(invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_occur_several_times() {
        let uri = "/curve?x=axis%3Asamy&y=a&y=b+c&limit=20&before="
            .parse()
            .unwrap();
        let parameters = Parameters::of(&uri);
        assert_eq!(parameters.get("x"), Some("axis:samy"));
        assert_eq!(parameters.all("y").collect::<Vec<_>>(), ["a", "b c"]);
        assert_eq!(parameters.parsed::<u64>("limit").unwrap(), Some(20));
        assert_eq!(parameters.parsed::<u64>("before").unwrap(), None);
        assert_eq!(parameters.parsed::<u64>("x").unwrap_err().status, 400);
        assert_eq!(parameters.required("z").unwrap_err().status, 400);
    }
}
