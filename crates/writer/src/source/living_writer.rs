//! Writers that share the scans of a server.

use coordination::LivingMember;

/// What the name of a group begins with.
const PREFIX: &str = "nexus-writer";

/// What stands in the name of a group for all sessions, and for all kinds of scans.
const ANY: &str = "*";

/// A process that saves the scans of a session, or of all sessions, at present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LivingWriter {
    /// Name of the BLISS session; `None` stands for all sessions.
    pub session: Option<String>,
    /// Name of the writer for which its scans ask (`info["data_writer"]`); `None` stands for all scans.
    pub data_writer: Option<String>,
    /// Number and host of the process, for people.
    pub process: String,
    /// Whether the process is on this host.
    pub is_on_this_host: bool,
}

impl LivingWriter {
    /// Returns the writer that is a member of a group. Returns `None` if the group is none of writers.
    pub(super) fn of_member(member: LivingMember) -> Option<LivingWriter> {
        let name = member.group.strip_prefix(PREFIX)?.strip_prefix(':')?;
        // A session may have any name; the name of a writer has no colon.
        let (session, data_writer) = name.rsplit_once(':')?;
        let unless_any = |name: &str| (name != ANY).then(|| name.to_owned());
        Some(LivingWriter {
            session: unless_any(session),
            data_writer: unless_any(data_writer),
            process: member.process,
            is_on_this_host: member.is_on_this_host,
        })
    }

    /// Returns `true` if it saves scans of this session.
    pub fn saves(&self, session: &str) -> bool {
        self.session.as_deref().is_none_or(|own| own == session)
    }

    /// Returns `true` if some scans are saved both by this writer and by another one that does not share them with it.
    pub fn collides_with(&self, other: &LivingWriter) -> bool {
        fn meet(one: &Option<String>, other: &Option<String>) -> bool {
            one.is_none() || other.is_none() || one == other
        }
        let is_same_group = self.session == other.session && self.data_writer == other.data_writer;
        !is_same_group
            && meet(&self.session, &other.session)
            && meet(&self.data_writer, &other.data_writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer(group: &str) -> Option<LivingWriter> {
        LivingWriter::of_member(LivingMember {
            group: group.to_owned(),
            process: "process 1 on here".to_owned(),
            is_on_this_host: true,
        })
    }

    #[test]
    fn the_group_says_what_is_saved() {
        let named = |group| writer(group).map(|it| (it.session, it.data_writer));
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            named("nexus-writer:demo:nexus"),
            Some((text("demo"), text("nexus")))
        );
        assert_eq!(
            named("nexus-writer:a:b:nexus"),
            Some((text("a:b"), text("nexus")))
        );
        assert_eq!(named("nexus-writer:*:*"), Some((None, None)));
        assert_eq!(named("blissoda:demo:nexus"), None);
        assert_eq!(named("nexus-writer"), None);
    }

    #[test]
    fn writers_of_the_same_scans_collide_unless_they_are_of_one_group() {
        let collide = |one: &str, other: &str| {
            let group = |name: &str| writer(&format!("nexus-writer:{name}")).unwrap();
            group(one).collides_with(&group(other))
        };
        assert!(!collide("demo:nexus", "demo:nexus"));
        assert!(!collide("demo:nexus", "demo:external"));
        assert!(!collide("demo:nexus", "other:nexus"));
        assert!(!collide("*:mapping", "demo:nexus"));
        assert!(collide("*:nexus", "demo:nexus"));
        assert!(collide("demo:nexus", "demo:*"));
    }
}
