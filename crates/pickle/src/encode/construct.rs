//! Values that BLISS publishes.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{Datelike, NaiveDateTime, Timelike};
use num_bigint::BigInt;
use serde_json::Value as Json;

use crate::datetime::DateTime;
use crate::dict::Dict;
use crate::numpy::{Array, ByteOrder, Dtype, DtypeKind};
use crate::value::{Global, Object, Value};

/// Returns the name of a class or function, such as `builtins.str`.
pub fn global(module: &str, name: &str) -> Value {
    Value::Global(Arc::new(Global {
        module: module.into(),
        name: name.into(),
    }))
}

/// Returns the object that a call of a class or function creates.
pub fn object(callable: Value, arguments: Vec<Value>) -> Value {
    stateful(callable, arguments, Value::None)
}

/// Returns a type as a class of numpy, such as `numpy.float64`, which tells neither the order of bytes nor the
/// length of texts.
pub fn class(dtype: Dtype) -> Value {
    let bits = dtype.size * 8;
    let name = match dtype.kind {
        DtypeKind::Bool => "bool_".to_owned(),
        DtypeKind::Int => format!("int{bits}"),
        DtypeKind::Uint => format!("uint{bits}"),
        DtypeKind::Float => format!("float{bits}"),
        DtypeKind::Complex => format!("complex{bits}"),
        DtypeKind::Text => "str_".to_owned(),
        DtypeKind::Bytes => "bytes_".to_owned(),
    };
    global("numpy", &name)
}

/// Returns a type as a `numpy.dtype`.
pub fn dtype(dtype: Dtype) -> Value {
    dtype_of_module(dtype, &"numpy".into())
}

/// Returns an array as an array or, if it has no dimensions, a scalar of numpy.
pub fn array(array: &Array) -> Value {
    let module: Arc<str> = "numpy.core.multiarray".into();
    let numpy: Arc<str> = "numpy".into();
    let function = |name: &str| {
        Value::Global(Arc::new(Global {
            module: module.clone(),
            name: name.into(),
        }))
    };
    let dtype = dtype_of_module(array.dtype, &numpy);
    let data = Value::Bytes(array.data.clone());
    if array.shape.is_empty() {
        return object(function("scalar"), vec![dtype, data]);
    }
    let ndarray = Value::Global(Arc::new(Global {
        module: numpy,
        name: "ndarray".into(),
    }));
    let empty = Value::Tuple([Value::Int(0)].into());
    let letter = Value::Bytes(Bytes::from_static(b"b"));
    let shape = array.shape.iter().map(|length| Value::from(*length));
    let shape = Value::Tuple(shape.collect());
    let state = [1i64.into(), shape, dtype, false.into(), data];
    let function = function("_reconstruct");
    stateful(
        function,
        vec![ndarray, empty, letter],
        Value::Tuple(state.into()),
    )
}

/// Returns a `datetime.datetime`.
pub fn datetime(time: DateTime) -> Value {
    let module: Arc<str> = "datetime".into();
    let class = |name: &str| {
        Value::Global(Arc::new(Global {
            module: module.clone(),
            name: name.into(),
        }))
    };
    match time {
        DateTime::Naive(time) => object(class("datetime"), vec![packed(time)]),
        DateTime::Zoned(time) => {
            let seconds = i64::from(time.offset().local_minus_utc());
            let day = 24 * 60 * 60;
            let delta = [seconds.div_euclid(day), seconds.rem_euclid(day), 0];
            let delta = delta.into_iter().map(Value::Int).collect();
            let delta = object(class("timedelta"), delta);
            let zone = object(class("timezone"), vec![delta]);
            object(class("datetime"), vec![packed(time.naive_local()), zone])
        }
    }
}

/// Returns the bytes of which Python makes a time.
fn packed(time: NaiveDateTime) -> Value {
    let [.., y1, y0] = time.year().to_be_bytes();
    // A leap second is a second longer than 999999 microseconds.
    let microsecond = (time.nanosecond() / 1000).min(999_999);
    let [_, m2, m1, m0] = microsecond.to_be_bytes();
    let [month, day] = [time.month(), time.day()].map(|number| number as u8);
    let clock = [time.hour(), time.minute(), time.second()].map(|number| number as u8);
    let [hour, minute, second] = clock;
    let packed = [y1, y0, month, day, hour, minute, second, m2, m1, m0];
    Value::Bytes(Bytes::copy_from_slice(&packed))
}

/// Returns a dictionary with text keys.
pub fn dict<'a>(entries: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let entries = entries.into_iter();
    let entries = entries.map(|(key, value)| (Value::from(key), value));
    Value::Dict(Arc::new(entries.collect()))
}

/// Returns the value that Python's `json` module makes of JSON.
pub fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::None,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(value), _) => Value::Int(value),
            (None, Some(value)) => value.into(),
            (None, None) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => text.as_str().into(),
        Json::Array(values) => Value::List(values.iter().map(from_json).collect()),
        Json::Object(entries) => {
            let entries = entries.iter();
            dict(entries.map(|(key, value)| (key.as_str(), from_json(value))))
        }
    }
}

fn stateful(callable: Value, arguments: Vec<Value>, state: Value) -> Value {
    Value::Object(Arc::new(Object {
        callable,
        arguments: arguments.into(),
        keywords: Dict::default(),
        state,
        list_items: Vec::new(),
        dict_items: Dict::default(),
    }))
}

/// Returns a type, with the text `numpy` that is stored in the memo.
fn dtype_of_module(dtype: Dtype, numpy: &Arc<str>) -> Value {
    let class = Value::Global(Arc::new(Global {
        module: numpy.clone(),
        name: "dtype".into(),
    }));
    let text = dtype.to_string();
    let code = text.trim_start_matches(['<', '>', '|']);
    let order = match dtype.order {
        ByteOrder::Little if text.starts_with('|') => "|",
        ByteOrder::Little => "<",
        ByteOrder::Big => ">",
    };
    // Size, alignment and flags of texts, whose class does not tell them.
    let [size, align, flags] = match dtype.kind {
        DtypeKind::Text => [dtype.size as i64, 4, 8],
        DtypeKind::Bytes => [dtype.size as i64, 1, 0],
        _ => [-1, -1, 0],
    };
    let state = [
        3i64.into(),
        order.into(),
        Value::None,
        Value::None,
        Value::None,
        size.into(),
        align.into(),
        flags.into(),
    ];
    let arguments = vec![code.into(), false.into(), true.into()];
    stateful(class, arguments, Value::Tuple(state.into()))
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Value {
        match i64::try_from(value) {
            Ok(value) => Value::Int(value),
            Err(_) => Value::BigInt(BigInt::from(value)),
        }
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Float(value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.into())
    }
}

impl From<Vec<Value>> for Value {
    fn from(values: Vec<Value>) -> Value {
        Value::List(values.into())
    }
}
