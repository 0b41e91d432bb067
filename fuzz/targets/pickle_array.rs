//! Pickles of scalars, arrays and types of numpy: read directly, they are what the machine makes of them.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use pickle::numpy::{Array, Dtype};

fuzz_target!(|pickle: &[u8]| {
    let pickle = Bytes::copy_from_slice(pickle);
    let array = Array::decode(&pickle);
    if let Ok(array) = &array {
        let elements = array.elements();
        assert_eq!(elements.len(), elements.count());
        let little = array.clone().into_little_endian();
        assert_eq!(
            format!("{:?}", little.elements().last()),
            format!("{:?}", array.elements().last())
        );
    }
    if let Ok(value) = pickle::decode(&pickle) {
        if let Ok(array) = &array {
            assert_eq!(Array::of(&value).as_ref(), Ok(array));
        }
        if let Ok(Some(dtype)) = Dtype::of(&value) {
            assert_eq!(dtype.to_string().parse(), Ok(dtype));
        }
    }
});
