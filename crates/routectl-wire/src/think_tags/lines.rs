//! The lines of a text, as far as they tell what is code: fences of backticks or tildes, which
//! begin a line.

/// How many marks make a fence.
const FENCE: usize = 3;

/// Where a text stands, fed byte by byte.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lines {
    /// The mark of the open fence, and how many of them opened it.
    fence: Option<(u8, usize)>,
    at: At,
}

#[derive(Debug, Clone, Copy, Default)]
enum At {
    /// Behind nothing but blanks.
    #[default]
    Indent,
    /// Behind so many marks.
    Marks(u8, usize),
    /// Behind marks that end the fence, if nothing but blanks follows.
    Closing,
    /// Behind words.
    Words,
}

impl Lines {
    /// Whether a tag may stand here.
    pub(super) fn may_open(&self) -> bool {
        self.fence.is_none() && matches!(self.at, At::Indent)
    }

    /// Whether this is code.
    pub(super) fn is_code(&self) -> bool {
        self.fence.is_some()
    }

    /// Takes as much of this text as makes no difference; how much that is.
    pub(super) fn advance(&mut self, text: &str) -> usize {
        if let At::Words = self.at {
            let line = memchr::memchr(b'\n', text.as_bytes());
            let Some(end) = line else { return text.len() };
            self.at = At::Indent;
            return end + 1;
        }
        let Some(first) = text.chars().next() else { return 0 };
        text.bytes().take(first.len_utf8()).for_each(|byte| self.take(byte));
        first.len_utf8()
    }

    /// Takes the next byte.
    pub(super) fn take(&mut self, byte: u8) {
        if let At::Marks(mark, count) = self.at
            && byte != mark
        {
            self.at = self.fenced(mark, count);
        }
        self.at = match (self.at, byte) {
            (At::Closing, b'\n') => {
                self.fence = None;
                At::Indent
            }
            (_, b'\n') => At::Indent,
            (at @ (At::Indent | At::Closing), b' ' | b'\t' | b'\r') => at,
            (At::Indent, b'`' | b'~') => At::Marks(byte, 1),
            (At::Marks(mark, count), _) => At::Marks(mark, count + 1),
            (At::Indent | At::Closing | At::Words, _) => At::Words,
        };
    }

    /// A run of marks has ended.
    fn fenced(&mut self, mark: u8, count: usize) -> At {
        match self.fence {
            None if count >= FENCE => {
                self.fence = Some((mark, count));
                At::Words
            }
            Some((open, least)) if open == mark && count >= least => At::Closing,
            None | Some(_) => At::Words,
        }
    }
}
