//! What the benchmark's programs share: request bodies, a client that checks every answer, the
//! loads, and what the kernel says of a process.

pub mod answer;
pub mod arguments;
pub mod body;
pub mod client;
pub mod load;
pub mod process;

/// Why a run stopped, in words for the person at the terminal.
pub type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// What a client or a host speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    Chat,
    Messages,
}

impl Format {
    pub const ALL: [Self; 2] = [Self::Chat, Self::Messages];

    /// The other one, into which this one is translated.
    pub fn other(self) -> Self {
        match self {
            Self::Chat => Self::Messages,
            Self::Messages => Self::Chat,
        }
    }

    /// Where requests are posted.
    pub fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Messages => "/v1/messages",
        }
    }
}

impl std::str::FromStr for Format {
    type Err = Trouble;

    fn from_str(name: &str) -> Result<Self, Trouble> {
        match name {
            "chat" => Ok(Self::Chat),
            "messages" => Ok(Self::Messages),
            _ => Err("a format is chat or messages".into()),
        }
    }
}
