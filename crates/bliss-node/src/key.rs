//! Keys of nodes, and of what belongs to a node.
//!
//! The key of a node is its path in the tree, with `:` between the names. What belongs to a node has the node's key and
//! a suffix. Suffixes are not escaped: a node may be called `x_data`. So a key says what it is only by the place where
//! it was found.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Suffix of the stream that announces the children of a node.
pub(crate) const CHILDREN: &str = "_children_list";

/// Key of a node.
///
/// ```
/// use bliss_node::key::NodeKey;
///
/// let scan: NodeKey = "demo:data:1_ascan".parse()?;
/// let channel: NodeKey = "demo:data:1_ascan:axis:roby".parse()?;
/// assert_eq!(channel.subscan_in(&scan), Some("axis"));
/// assert_eq!(channel.name(), "roby");
/// assert_eq!(channel.data(), "demo:data:1_ascan:axis:roby_data");
/// # Ok::<(), bliss_node::key::KeyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeKey(Arc<str>);

/// A text that is not the key of a node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key:?} is not the key of a node: one of the names between the colons is empty")]
pub struct KeyError {
    key: String,
}

impl NodeKey {
    /// Returns the text of the key.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Parses a key as Redis returns it. Returns `None` if it is not UTF-8, or not the key of a node.
    pub fn parse(bytes: &[u8]) -> Option<NodeKey> {
        std::str::from_utf8(bytes).ok()?.parse().ok()
    }

    /// Returns the last name in the key.
    pub fn name(&self) -> &str {
        self.0.rsplit(':').next().unwrap_or_default()
    }

    /// Returns the first name in the key: the session.
    pub fn session(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// Returns the key of the parent, or `None` for a session.
    pub fn parent(&self) -> Option<NodeKey> {
        let (parent, _) = self.0.rsplit_once(':')?;
        Some(NodeKey(parent.into()))
    }

    /// Returns the keys of the parent, its parent, and so on up to the session.
    pub fn ancestors(&self) -> impl Iterator<Item = NodeKey> {
        std::iter::successors(self.parent(), NodeKey::parent)
    }

    /// Returns the key of a child.
    ///
    /// # Errors
    /// If the name is empty or has empty parts. A name with `:` is a path of several nodes.
    pub fn child(&self, name: &str) -> Result<NodeKey, KeyError> {
        format!("{self}:{name}").parse()
    }

    /// Returns `true` if this node is below `ancestor` in the tree. `x:1_scan_b` is not below `x:1_scan`.
    pub fn is_below(&self, ancestor: &NodeKey) -> bool {
        self.path_below(ancestor).is_some()
    }

    /// Returns the name of the top master of a scan, if this node is that master or below it. Each top master is one
    /// subscan.
    pub fn subscan_in(&self, scan: &NodeKey) -> Option<&str> {
        self.path_below(scan)?.split(':').next()
    }

    /// Returns the key of the node's info.
    pub fn info(&self) -> String {
        self.with_suffix("_info")
    }

    /// Returns the key of the stream that announces the node's children.
    pub fn children(&self) -> String {
        self.with_suffix(CHILDREN)
    }

    /// Returns the key of the stream that tells when a scan is prepared.
    pub fn prepared(&self) -> String {
        self.with_suffix("_prepared")
    }

    /// Returns the key of the stream that tells when a scan has ended.
    pub fn end(&self) -> String {
        self.with_suffix("_end")
    }

    /// Returns the key of the stream of a channel's data.
    pub fn data(&self) -> String {
        self.with_suffix("_data")
    }

    /// Returns the key of the list of a Lima detector's saving parameters.
    pub fn data_ref(&self) -> String {
        self.with_suffix("_data_ref")
    }

    fn with_suffix(&self, suffix: &str) -> String {
        [&*self.0, suffix].concat()
    }

    fn path_below(&self, ancestor: &NodeKey) -> Option<&str> {
        self.0.strip_prefix(&*ancestor.0)?.strip_prefix(':')
    }
}

impl FromStr for NodeKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<NodeKey, KeyError> {
        match text.split(':').any(str::is_empty) {
            true => Err(KeyError {
                key: text.to_owned(),
            }),
            false => Ok(NodeKey(text.into())),
        }
    }
}

impl Borrow<str> for NodeKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns a glob pattern of Redis that only matches this text.
pub fn escape_glob(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '*' | '?' | '[' | ']' | '\\' | '^' | '-') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> NodeKey {
        text.parse().unwrap()
    }

    #[test]
    fn subscans_of_similar_names_are_different() {
        let scan = key("s:1_scan");
        assert_eq!(key("s:1_scan:timer2:a").subscan_in(&scan), Some("timer2"));
        assert_eq!(key("s:1_scan:timer").subscan_in(&scan), Some("timer"));
        assert_eq!(key("s:1_scan_b:timer:a").subscan_in(&scan), None);
        assert_eq!(scan.subscan_in(&scan), None);
        assert!(key("s:1_scan:timer").is_below(&scan));
        assert!(!key("s:1_scan_b").is_below(&scan));
    }

    #[test]
    fn names_may_end_like_suffixes() {
        let node = key("s:x_data");
        assert_eq!(
            (node.name(), node.data().as_str()),
            ("x_data", "s:x_data_data")
        );
        assert_eq!(node.parent(), Some(key("s")));
        assert_eq!(key("s").parent(), None);
        assert_eq!(key("s").child("a b"), Ok(key("s:a b")));
    }

    #[test]
    fn empty_names_are_refused() {
        for text in ["", ":", "a:", ":a", "a::b"] {
            assert!(text.parse::<NodeKey>().is_err(), "{text}");
        }
        assert_eq!(NodeKey::parse(b"a\xff"), None);
    }

    #[test]
    fn glob_characters_are_escaped() {
        assert_eq!(escape_glob(r"a*b?[c]\d"), r"a\*b\?\[c\]\\d");
    }
}
