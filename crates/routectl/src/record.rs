//! Room 8, record: what happened to one client request, told exactly once, also when the client
//! leaves.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use routectl_core::{Class, Loss, Usage};
use tokio::time::Instant;

use crate::loss;

/// What is known of one client request so far. Dropping it writes the log line.
#[derive(Debug)]
pub struct Record {
    pub id: RequestId,
    /// The client's format.
    pub format: &'static str,
    /// The model name that the client wrote, fit to be said back.
    asked: String,
    /// The alias that matched, if any.
    pub alias: Option<Arc<str>>,
    pub streamed: bool,
    started: Instant,
    hops: Vec<Hop>,
    first_content: Option<Duration>,
    usage: Usage,
    /// What translation could not say with its full meaning.
    losses: Vec<Loss>,
    end: End,
}

/// The name of a request in logs and answers.
#[derive(Debug, Clone)]
pub struct RequestId(pub HeaderValue);

impl RequestId {
    /// As it stands in answers and logs.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

/// One target, tried or passed over.
#[derive(Debug, Clone)]
struct Hop {
    target: String,
    fate: Fate,
    /// How its request was changed, since the target had refused it as it was.
    mend: Option<&'static str>,
    took: Duration,
}

/// What became of one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Its first content came.
    Answered,
    Failed(Class),
    /// Its gates were closed.
    Parked,
    /// It cannot do what is asked.
    Unfit,
}

impl Fate {
    fn name(self) -> &'static str {
        match self {
            Self::Answered => "ok",
            Self::Failed(class) => class.name(),
            Self::Parked => "parked",
            Self::Unfit => "unfit",
        }
    }
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It has not, or the client left before it did.
    Open,
    Answered {
        status: u16,
    },
    Refused {
        status: u16,
        class: Class,
    },
    /// Broken after the client had seen content, or at least a 200.
    Broken {
        class: Class,
    },
}

impl Record {
    /// A request that has just been read.
    pub fn new(
        id: RequestId,
        format: &'static str,
        asked: &str,
        alias: Option<Arc<str>>,
        streamed: bool,
    ) -> Self {
        Self {
            id,
            format,
            asked: said_back(asked),
            alias,
            streamed,
            started: Instant::now(),
            hops: Vec::new(),
            first_content: None,
            usage: Usage::default(),
            losses: Vec::new(),
            end: End::Open,
        }
    }

    /// The model name that the client wrote, cut if it is long and without control characters.
    pub fn asked(&self) -> &str {
        &self.asked
    }

    /// When the request came.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// One attempt is over.
    pub fn tried(&mut self, target: &str, failed: Option<Class>, took: Duration) {
        if failed.is_none() {
            self.first_content = Some(self.started.elapsed());
        }
        let fate = failed.map_or(Fate::Answered, Fate::Failed);
        self.hops.push(Hop { target: target.to_owned(), fate, mend: None, took });
    }

    /// A target was passed over; said once for each.
    pub fn passed_over(&mut self, target: &str, fate: Fate) {
        let known = |hop: &Hop| hop.target == target && hop.fate == fate;
        if !self.hops.iter().any(known) {
            let (target, took) = (target.to_owned(), Duration::ZERO);
            self.hops.push(Hop { target, fate, mend: None, took });
        }
    }

    /// The last attempt was made with its request changed, since the target had refused it.
    pub fn mended(&mut self, mend: Option<&'static str>) {
        if let Some(hop) = self.hops.last_mut() {
            hop.mend = mend;
        }
    }

    /// What translation could not say: of the request, and later of the answer.
    pub fn lost(&mut self, losses: &[Loss]) {
        self.losses.extend_from_slice(losses);
    }

    /// `x-routectl-loss`: what was lost so far.
    pub fn losses(&self) -> Option<HeaderValue> {
        loss::header(&self.losses)
    }

    /// How many attempts there were.
    pub fn attempts(&self) -> usize {
        let tried = |hop: &&Hop| matches!(hop.fate, Fate::Answered | Fate::Failed(_));
        self.hops.iter().filter(tried).count()
    }

    /// The client has the whole answer.
    pub fn answered(&mut self, status: u16, usage: Usage) {
        self.usage = usage;
        self.end = End::Answered { status };
    }

    /// The client got an error instead of an answer.
    pub fn refused(&mut self, status: u16, class: Class) {
        self.end = End::Refused { status, class };
    }

    /// The answer broke after the client had seen some of it.
    pub fn broken(&mut self, class: Class, usage: Usage) {
        self.usage = usage;
        self.end = End::Broken { class };
    }

    /// The counters so far, for an answer that may be cut at any time.
    pub fn counted(&mut self, usage: Usage) {
        self.usage = usage;
    }

    /// `x-routectl-attempts`: target, class and milliseconds of every hop, and how one was mended.
    pub fn trace(&self) -> HeaderValue {
        let text = self.hops.iter().map(Hop::to_string).collect::<Vec<_>>().join(", ");
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    fn tokens(&self) -> String {
        let usage = &self.usage;
        let mut text = String::new();
        for (name, count) in [
            ("in", usage.input),
            ("cached", usage.cache_read),
            ("out", usage.output),
            ("thought", usage.reasoning),
        ] {
            if let Some(count) = count {
                let _ = write!(text, " {name}={count}");
            }
        }
        text
    }

    /// How it ended, in a few words.
    fn outcome(&self) -> String {
        match self.end {
            End::Open => Class::ClientGone.name().to_owned(),
            End::Answered { status } => status.to_string(),
            End::Refused { status, class } => format!("{status} {class}"),
            End::Broken { class } => format!("broken {class}"),
        }
    }

    /// The whole request in one line: `messages claude-x → fast:overloaded:12ms, slow:ok:340ms
    /// 200 in 1520ms first=340ms in=412 out=96`.
    fn line(&self) -> String {
        let mut text = format!("{} {} →", self.format, self.asked);
        for (number, hop) in self.hops.iter().enumerate() {
            let _ = write!(text, "{} {hop}", if number > 0 { "," } else { "" });
        }
        let _ = write!(text, " {} in {}ms", self.outcome(), self.started.elapsed().as_millis());
        if let Some(first) = self.first_content.filter(|_| self.streamed) {
            let _ = write!(text, " first={}ms", first.as_millis());
        }
        if let Some(losses) = loss::told(&self.losses) {
            let _ = write!(text, " lost={} ({losses})", self.losses.len());
        }
        text + &self.tokens()
    }
}

/// How much of a name is said back.
const SAID_BACK: usize = 128;

/// A name that somebody else wrote: a line break in it must not write a line of its own, and its
/// length is not ours to bear.
fn said_back(name: &str) -> String {
    let short = name.chars().take(SAID_BACK).flat_map(char::escape_debug).collect::<String>();
    if name.chars().nth(SAID_BACK).is_some() { short + "…" } else { short }
}

impl std::fmt::Display for Hop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}ms", self.target, self.fate.name(), self.took.as_millis())?;
        self.mend.map_or(Ok(()), |mend| write!(f, ":{mend}"))
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if tracing::enabled!(target: "routectl::request", tracing::Level::INFO) {
            tracing::info!(target: "routectl::request", id = self.id.as_str(), "{}", self.line());
        }
    }
}
