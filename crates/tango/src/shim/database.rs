//! The Tango database, as `shim/database.h` declares it.

use std::marker::{PhantomData, PhantomPinned};
use std::ptr::NonNull;

use super::convention::{List, Sink, Text, call};
use crate::failure::ErrorStack;
use crate::latin1;

/// `nxt_database`
#[repr(C)]
struct Opaque {
    opaque: [u8; 0],
    /// Neither to be sent nor to be moved.
    marker: PhantomData<(*mut u8, PhantomPinned)>,
}

/// A connection to the database, closed when dropped.
#[derive(Debug)]
pub struct Connection(NonNull<Opaque>);

impl Connection {
    /// Connects to the database at a host and port, or to that of `TANGO_HOST`.
    pub fn open(address: Option<(&str, u16)>) -> Result<Connection, ErrorStack> {
        let host = address.map(|(host, _)| latin1::encode(host));
        let host = host.as_deref().map(Text::borrow);
        let port = address.map_or(0, |(_, port)| port.into());
        let mut opened = None;
        call(|sink| nxt_database_open(host.as_ref(), port, &mut opened, sink))?;
        opened.map(Connection).ok_or_else(ErrorStack::default)
    }

    /// Returns `host:port` of the database.
    pub fn address(&self) -> Result<String, ErrorStack> {
        let (_, address) = call(|sink| nxt_database_address(self.database(), sink))?;
        Ok(address.concat())
    }

    /// Returns the names of the devices of a class.
    pub fn devices(&self, class: &str) -> Result<Vec<String>, ErrorStack> {
        let class = latin1::encode(class);
        let (_, devices) =
            call(|sink| nxt_database_devices(self.database(), Text::borrow(&class), sink))?;
        Ok(devices)
    }

    /// Returns the names of the members of `domain/family/member`, where the member may have a wildcard.
    pub fn members(&self, device: &str) -> Result<Vec<String>, ErrorStack> {
        let device = latin1::encode(device);
        let (_, members) =
            call(|sink| nxt_database_members(self.database(), Text::borrow(&device), sink))?;
        Ok(members)
    }

    /// Returns the values of a property of a device, or `None` if it is not set.
    pub fn property(
        &self,
        device: &str,
        property: &str,
    ) -> Result<Option<Vec<String>>, ErrorStack> {
        let (device, property) = (latin1::encode(device), latin1::encode(property));
        let (device, property) = (Text::borrow(&device), Text::borrow(&property));
        let (is_set, values) =
            call(|sink| nxt_database_property(self.database(), device, property, sink))?;
        Ok((is_set != 0).then_some(values))
    }

    /// Returns `true` if a server offers the device.
    pub fn exported(&self, device: &str) -> Result<bool, ErrorStack> {
        let device = latin1::encode(device);
        let (exported, _) =
            call(|sink| nxt_database_exported(self.database(), Text::borrow(&device), sink))?;
        Ok(exported != 0)
    }

    /// Sets a property of a device.
    pub fn put_property(
        &self,
        device: &str,
        property: &str,
        value: &str,
    ) -> Result<(), ErrorStack> {
        let (device, property) = (latin1::encode(device), latin1::encode(property));
        let (device, property) = (Text::borrow(&device), Text::borrow(&property));
        let value = latin1::encode(value);
        let values = [Text::borrow(&value)];
        let values = List::borrow(&values);
        call(|sink| nxt_database_put_property(self.database(), device, property, values, sink))
            .map(drop)
    }

    /// Defines a device of a server (`name/instance`).
    pub fn add_device(&self, server: &str, class: &str, device: &str) -> Result<(), ErrorStack> {
        let [server, class, device] = [server, class, device].map(latin1::encode);
        let (server, class) = (Text::borrow(&server), Text::borrow(&class));
        let device = Text::borrow(&device);
        call(|sink| nxt_database_add_device(self.database(), server, class, device, sink)).map(drop)
    }

    fn database(&self) -> &Opaque {
        // SAFETY: `nxt_database_open` made it, and it is only closed with `self`. A connection stays in its
        // thread.
        unsafe { self.0.as_ref() }
    }
}

/// Asks a device for its state. Returns the number of the state.
pub fn device_state(uri: &str, timeout_ms: i32) -> Result<u32, ErrorStack> {
    let uri = latin1::encode(uri);
    let (state, _) = call(|sink| nxt_device_state(Text::borrow(&uri), timeout_ms, sink))?;
    Ok(state)
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: `nxt_database_open` made it, and nothing uses it after this.
        unsafe { nxt_database_close(self.0) }
    }
}

#[expect(
    improper_ctypes,
    reason = "what a sink refers to is handed back and not looked at"
)]
unsafe extern "C" {
    safe fn nxt_database_open(
        host: Option<&Text<'_>>,
        port: i32,
        opened: &mut Option<NonNull<Opaque>>,
        sink: Sink<'_>,
    ) -> i32;
    fn nxt_database_close(database: NonNull<Opaque>);
    safe fn nxt_database_address(database: &Opaque, sink: Sink<'_>) -> i32;
    safe fn nxt_database_devices(database: &Opaque, class: Text<'_>, sink: Sink<'_>) -> i32;
    safe fn nxt_database_members(database: &Opaque, device: Text<'_>, sink: Sink<'_>) -> i32;
    safe fn nxt_database_property(
        database: &Opaque,
        device: Text<'_>,
        property: Text<'_>,
        sink: Sink<'_>,
    ) -> i32;
    safe fn nxt_database_exported(database: &Opaque, device: Text<'_>, sink: Sink<'_>) -> i32;
    safe fn nxt_device_state(device: Text<'_>, timeout: i32, sink: Sink<'_>) -> i32;
    safe fn nxt_database_put_property(
        database: &Opaque,
        device: Text<'_>,
        property: Text<'_>,
        values: List<'_, Text<'_>>,
        sink: Sink<'_>,
    ) -> i32;
    safe fn nxt_database_add_device(
        database: &Opaque,
        server: Text<'_>,
        class: Text<'_>,
        device: Text<'_>,
        sink: Sink<'_>,
    ) -> i32;
}
