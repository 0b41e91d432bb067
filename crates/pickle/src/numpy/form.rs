//! Scalars and arrays in the forms that numpy writes.

use bytes::Bytes;

use super::array::{Array, ArrayError};
use super::dtype::{Dtype, DtypeError};
use super::{fortran, is_multiarray};
use crate::value::{Object, Value};

/// Returns `true` if an object is a scalar or an array of numpy, supported or not.
pub(crate) fn is_numpy(object: &Object) -> bool {
    Function::of(object).is_some()
}

/// Returns the array that an object is, or `None` if it is none of numpy.
pub(super) fn array(object: &Object) -> Result<Option<Array>, ArrayError> {
    match Function::of(object) {
        Some(Function::Scalar) => scalar(object).map(Some),
        Some(Function::Reconstruct) => reconstructed(object).map(Some),
        Some(Function::FromBuffer) => from_buffer(object).map(Some),
        None => Ok(None),
    }
}

/// The functions of numpy that create scalars and arrays.
enum Function {
    Scalar,
    Reconstruct,
    FromBuffer,
}

impl Function {
    fn of(object: &Object) -> Option<Function> {
        let class = object.class()?;
        match &*class.name {
            "scalar" if is_multiarray(class.module.as_bytes()) => Some(Function::Scalar),
            "_reconstruct" if is_multiarray(class.module.as_bytes()) => Some(Function::Reconstruct),
            "_frombuffer" => match &*class.module {
                "numpy.core.numeric" | "numpy._core.numeric" => Some(Function::FromBuffer),
                _ => None,
            },
            _ => None,
        }
    }
}

fn scalar(object: &Object) -> Result<Array, ArrayError> {
    match object.arguments.as_ref() {
        [dtype, Value::Bytes(data)] => Array::new(known_dtype(dtype)?, Vec::new(), data.clone()),
        // Structures, objects.
        [dtype, ..] => {
            known_dtype(dtype)?;
            Err(form_error(object))
        }
        _ => Err(form_error(object)),
    }
}

fn reconstructed(object: &Object) -> Result<Array, ArrayError> {
    let Some([_, shape, dtype, is_fortran, data]) = object.state.as_list() else {
        return Err(form_error(object));
    };
    let dtype = known_dtype(dtype)?;
    let (Some(shape), Some(data)) = (shape_of(shape), data.as_bytes()) else {
        return Err(form_error(object));
    };
    ordered(dtype, shape, data, is_fortran.is_truthy())
}

fn from_buffer(object: &Object) -> Result<Array, ArrayError> {
    let [Value::Bytes(data), dtype, shape, Value::Text(order)] = object.arguments.as_ref() else {
        return Err(form_error(object));
    };
    let shape = shape_of(shape).ok_or_else(|| form_error(object))?;
    ordered(known_dtype(dtype)?, shape, data, &**order == "F")
}

/// Returns the array, in the order of C.
fn ordered(
    dtype: Dtype,
    shape: Vec<u64>,
    data: &Bytes,
    is_fortran: bool,
) -> Result<Array, ArrayError> {
    let array = Array::new(dtype, shape, data.clone())?;
    Ok(match is_fortran {
        true => fortran::into_c_order(array),
        false => array,
    })
}

fn known_dtype(value: &Value) -> Result<Dtype, ArrayError> {
    match Dtype::of(value)? {
        Some(dtype) => Ok(dtype),
        None => Err(DtypeError::new("None").into()),
    }
}

fn shape_of(value: &Value) -> Option<Vec<u64>> {
    value.as_list()?.iter().map(Value::as_u64).collect()
}

fn form_error(object: &Object) -> ArrayError {
    ArrayError::Form {
        function: object.class().map(ToString::to_string).unwrap_or_default(),
    }
}
