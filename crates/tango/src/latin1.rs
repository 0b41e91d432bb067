//! Text on the wire: one byte for each character.
//!
//! Tango does not specify an encoding. PyTango uses Latin-1, so every client does.

/// Encodes a text. Characters that are not in Latin-1 become `?`, and a zero, which would end a C string,
/// becomes a blank.
pub fn encode(text: &str) -> Vec<u8> {
    text.chars()
        .map(|character| match character {
            '\0' => b' ',
            other => u8::try_from(other).unwrap_or(b'?'),
        })
        .collect()
}

/// Decodes a text, in which every byte is a character.
pub fn decode(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back_as_it_was_sent() {
        let all: String = (1..=255).map(char::from).collect();
        assert_eq!(decode(&encode(&all)), all);
    }

    #[test]
    fn other_characters_are_replaced() {
        assert_eq!(encode("5 \u{3bc}m \u{b5}m\0"), b"5 ?m \xb5m ");
    }
}
