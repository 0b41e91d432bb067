//! The socket at which systemd listens.

use std::env;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The socket at which systemd listens. Nobody waits until it takes a message: a thread that waited for systemd would
/// answer nobody else.
pub struct ManagerSocket {
    socket: UnixDatagram,
    address: SocketAddr,
}

impl ManagerSocket {
    /// Returns the socket that `NOTIFY_SOCKET` names, if it is set.
    pub fn of_environment() -> Option<io::Result<ManagerSocket>> {
        let name = env::var_os("NOTIFY_SOCKET")?;
        // Names that begin so are not in the file system.
        let address = match name.as_bytes().strip_prefix(b"@") {
            Some(name) => SocketAddr::from_abstract_name(name),
            None => SocketAddr::from_pathname(&name),
        };
        Some(address.and_then(|address| {
            let socket = UnixDatagram::unbound()?;
            socket.set_nonblocking(true)?;
            Ok(ManagerSocket { socket, address })
        }))
    }

    /// Sends a message.
    ///
    /// # Errors
    /// If systemd cannot take it now, or is not there.
    pub fn send(&self, message: &str) -> io::Result<()> {
        self.socket
            .send_to_addr(message.as_bytes(), &self.address)
            .map(drop)
    }
}
