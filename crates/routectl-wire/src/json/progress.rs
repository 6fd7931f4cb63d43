//! How far the text of an object has come while it arrives in pieces.

/// Follows the text of a JSON object, piece by piece.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    depth: u32,
    quoted: bool,
    escaped: bool,
    begun: bool,
}

impl Progress {
    /// Takes the next piece.
    pub(crate) fn take(&mut self, piece: &str) {
        for byte in piece.bytes() {
            self.step(byte);
        }
    }

    /// Whether the object has ended.
    pub(crate) fn is_complete(self) -> bool {
        self.begun && self.depth == 0 && !self.quoted
    }

    fn step(&mut self, byte: u8) {
        if self.quoted {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.quoted = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.quoted = true,
            b'{' | b'[' => {
                self.begun = true;
                self.depth += 1;
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Progress;

    #[test]
    fn an_object_is_complete_with_its_last_brace_and_not_before() {
        for text in [r#"{}"#, r#" {"a":"}\"}","b":[{"c":1}]} "#, r#"{"\\":{}}"#] {
            let last = text.rfind('}').unwrap();
            for cut in 0..=text.len() {
                let mut progress = Progress::default();
                progress.take(&text[..cut]);
                assert_eq!(progress.is_complete(), cut > last, "{}", &text[..cut]);
            }
        }
    }
}
