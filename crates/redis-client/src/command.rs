//! Commands as they go over the wire.

use std::fmt;
use std::time::Duration;

use bytes::{BufMut, BytesMut};

/// One Redis command, encoded while it is built.
///
/// ```
/// use redis_client::Command;
/// let read = Command::new("XREAD").arg("COUNT").arg(100).arg("STREAMS").arg(b"key").arg("0");
/// assert_eq!(read.name(), "XREAD");
/// ```
#[derive(Clone)]
pub struct Command {
    name: String,
    parts: usize,
    body: Vec<u8>,
    block: Option<Duration>,
}

impl Command {
    /// The command called `name`, without arguments yet. A name of several words
    /// (`CONFIG SET`) is the command and its first arguments.
    pub fn new(name: &str) -> Command {
        let mut command = Command {
            name: name.to_owned(),
            parts: 0,
            body: Vec::with_capacity(64 + name.len()),
            block: None,
        };
        for word in name.split(' ') {
            command.push(word.as_bytes());
        }
        command
    }

    /// The command with one more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Arg) -> Command {
        arg.append_to(&mut self);
        self
    }

    /// The command with more arguments.
    #[must_use]
    pub fn args<A: Arg>(mut self, args: impl IntoIterator<Item = A>) -> Command {
        for arg in args {
            arg.append_to(&mut self);
        }
        self
    }

    /// Returns the command with all words of another command as further arguments, such as a script that
    /// calls it. The name for messages is that of the other command.
    #[must_use]
    pub fn wrapping(mut self, inner: &Command) -> Command {
        self.body.extend_from_slice(&inner.body);
        self.parts += inner.parts;
        self.name.clone_from(&inner.name);
        self
    }

    /// Marks the command as one that the server may answer only when there is news, such as a read with
    /// `BLOCK`, but not later than after `block`. ([`Duration::MAX`] if there is no end.)
    ///
    /// A connection waits that much longer for the reply, and the wait does not count as the duration of the
    /// command.
    #[must_use]
    pub fn blocking(mut self, block: Duration) -> Command {
        self.block = Some(block);
        self
    }

    pub(crate) fn is_blocking(&self) -> bool {
        self.block.is_some()
    }

    /// How long the server may wait before it answers.
    pub(crate) fn block_time(&self) -> Duration {
        self.block.unwrap_or_default()
    }

    /// Name of the command, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Size of the arguments on the wire, in bytes.
    pub fn size(&self) -> usize {
        self.body.len()
    }

    /// Returns the command as it is sent.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = BytesMut::new();
        self.encode(&mut bytes);
        bytes.into()
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        out.reserve(self.body.len() + 24);
        put_header(out, b'*', self.parts);
        out.put_slice(&self.body);
    }

    fn push(&mut self, bytes: &[u8]) {
        self.body.reserve(bytes.len() + 24);
        put_header(&mut self.body, b'$', bytes.len());
        self.body.extend_from_slice(bytes);
        self.body.extend_from_slice(b"\r\n");
        self.parts += 1;
    }
}

/// Arguments are not shown: they may be a password, or megabytes.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Command({}, {} parts, {} bytes)",
            self.name,
            self.parts,
            self.body.len()
        )
    }
}

/// What can be an argument of a command: text, bytes, integers (as decimal text).
pub trait Arg {
    /// Adds itself to `command`.
    fn append_to(&self, command: &mut Command);
}

impl<T: Arg + ?Sized> Arg for &T {
    fn append_to(&self, command: &mut Command) {
        (**self).append_to(command);
    }
}

macro_rules! bytes_arg {
    ($($ty:ty),*) => {$(
        impl Arg for $ty {
            fn append_to(&self, command: &mut Command) {
                command.push(self.as_ref());
            }
        }
    )*};
}
bytes_arg!(str, String, [u8], Vec<u8>, bytes::Bytes);

impl<const N: usize> Arg for [u8; N] {
    fn append_to(&self, command: &mut Command) {
        command.push(self);
    }
}

macro_rules! integer_arg {
    ($($ty:ty),*) => {$(
        impl Arg for $ty {
            fn append_to(&self, command: &mut Command) {
                command.push(self.to_string().as_bytes());
            }
        }
    )*};
}
integer_arg!(i32, i64, u32, u64, usize);

fn put_header(out: &mut impl BufMut, kind: u8, n: usize) {
    // `write!` is several times slower, and a publisher does this for every point.
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = n;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.put_u8(kind);
    out.put_slice(&digits[at..]);
    out.put_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_as_array_of_bulk_strings() {
        let mut out = BytesMut::new();
        Command::new("CONFIG SET")
            .arg("maxmemory")
            .arg(1024u64)
            .arg(b"\r\n")
            .encode(&mut out);
        assert_eq!(
            &out[..],
            b"*5\r\n$6\r\nCONFIG\r\n$3\r\nSET\r\n$9\r\nmaxmemory\r\n$4\r\n1024\r\n$2\r\n\r\n\r\n"
        );
    }

    #[test]
    fn debug_hides_the_arguments() {
        let shown = format!("{:?}", Command::new("AUTH").arg("me").arg("secret"));
        assert!(!shown.contains("secret"), "{shown}");
    }
}
