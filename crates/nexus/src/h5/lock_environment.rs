//! Makes the library ignore `HDF5_USE_FILE_LOCKING`, which would overrule the locks that this program asks
//! for.

use hdf5_metno_sys::h5::htri_t;

unsafe extern "C" {
    /// The value of the variable, if it is not negative: 1 to lock every file, 0 to lock none (`H5Fint.c`).
    static mut use_locks_env_g: htri_t;
    /// If it is not negative: 1 to open files without a lock where the system call does not exist.
    static mut ignore_disabled_locks_g: htri_t;
}

/// Lets the property list of each file decide alone from now on.
///
/// The library has no function for this. Changing the environment instead would change it for the programs
/// that this process starts, and other threads may be reading it.
///
/// # Safety
/// The library must have been initialised, because its initialisation sets the variables, and the caller
/// must hold its lock.
pub(super) unsafe fn ignore() {
    // SAFETY: both are variables of this type in the only version of the library that is linked. Its
    // functions, which read them, run under the lock that the caller holds.
    unsafe {
        use_locks_env_g = -1;
        ignore_disabled_locks_g = -1;
    }
}
