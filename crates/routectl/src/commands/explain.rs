//! `routectl explain`: what would become of a request, on the code path of `serve`, without
//! sending it.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use routectl_auth::Secret;
use routectl_core::Loss;
use routectl_providers::{Credential, Provider, headers};
use routectl_wire::document::quote;
use routectl_wire::{CHAT, ClientFormat, Document, Edit, MESSAGES};
use serde::Serialize;
use serde_json::value::RawValue;

use super::ConfigPath;
use crate::config::{self, Flags};
use crate::inbound::Inbound;
use crate::prepare::{self, Lane};
use crate::server::{Backlog, parse};
use crate::snapshot::Snapshot;
use crate::target::{Target, Unfit, Upstream};
use crate::walk;

/// What this cannot know: it is another process, and what a server has learned is in its memory only.
const FRESH: &str = "a server that has just started would send this; a running one may have learned \
                     more of a target from its refusals, and puts remembered thinking back";

/// What stands in the place of a credential.
const REDACTED: &str = "***";

/// Show what would become of a request.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "This is what a server that has just started would send. A running one may have learned more of a
target from its refusals (docs/reasoning.md), and puts remembered thinking back.

Examples:
  routectl explain --from messages --request body.json
  routectl explain --from chat --request - --model fast --json < body.json | jq .targets[0].body"
)]
pub struct Args {
    /// The format the request is in.
    #[arg(long, value_enum)]
    pub from: From,
    /// A file with the request's body; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub request: PathBuf,
    /// Ask for this model instead of the one in the body.
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// A header of the client's, e.g. 'anthropic-beta: context-1m-2025-08-07'. May be repeated.
    #[arg(long = "header", value_name = "NAME: VALUE")]
    pub headers: Vec<String>,
    /// Print one JSON object, with the bodies as they would be sent.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub path: ConfigPath,
}

/// The formats that clients speak.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum From {
    /// OpenAI Chat Completions.
    Chat,
    /// Anthropic Messages.
    Messages,
}

/// Explains; the exit status says whether some target would be asked.
pub fn run(args: &Args) -> ExitCode {
    let explained = match explain(args) {
        Ok(explained) => explained,
        Err(message) if args.json => {
            let json = serde_json::to_string(&Mistake { error: &message }).unwrap_or_default();
            let _ = writeln!(io::stdout(), "{json}");
            return ExitCode::FAILURE;
        }
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::FAILURE;
        }
    };
    let text = if args.json {
        serde_json::to_string_pretty(&explained).unwrap_or_default() + "\n"
    } else {
        explained.for_people()
    };
    // Whoever reads us may have left, as `head` does; there is nobody to tell.
    let _ = io::stdout().write_all(text.as_bytes());
    if explained.refusal.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Why nothing can be told.
#[derive(Debug, Serialize)]
struct Mistake<'a> {
    error: &'a str,
}

/// What would become of a request.
#[derive(Debug, Serialize)]
struct Explained {
    model: String,
    /// The key in `[aliases]` that matched; null when a model's own nickname did.
    alias: Option<String>,
    format: &'static str,
    streamed: bool,
    /// In the order in which they would be tried.
    targets: Vec<Told>,
    /// What a running server may do otherwise.
    note: &'static str,
    /// What the client would be told, when no target would be asked.
    refusal: Option<Refusal>,
}

/// One target of the chain.
#[derive(Debug, Serialize)]
struct Told {
    model: String,
    provider: String,
    upstream: String,
    /// Why it would be passed over.
    skipped: Option<String>,
    #[serde(flatten)]
    sent: Option<Sent>,
}

/// What a target would get.
#[derive(Debug, Serialize)]
struct Sent {
    lane: &'static str,
    url: String,
    headers: Vec<(String, String)>,
    losses: Vec<Lost>,
    body: Box<RawValue>,
}

#[derive(Debug, Serialize)]
struct Lost {
    path: String,
    fate: &'static str,
    reason: &'static str,
}

#[derive(Debug, Serialize)]
struct Refusal {
    status: u16,
    message: String,
}

fn explain(args: &Args) -> Result<Explained, String> {
    let path = config::find(args.path.config.clone()).map_err(|missing| missing.to_string())?;
    let loaded = config::load(&path, Flags { unsafe_public: true }).map_err(|it| it.to_string())?;
    let snapshot = Snapshot::new(loaded.config, None).map_err(|error| error.to_string())?;
    let inbound = inbound(args)?;
    let alias = inbound.headers.get("x-routectl-alias").and_then(|value| value.to_str().ok());
    let chain = snapshot.routes.chain(&inbound.model, alias).map_err(|unknown| {
        let nearest = unknown.nearest.join(", ");
        format!("nothing serves {:?}; the nearest names are: {nearest}", unknown.asked)
    })?;
    let strict = snapshot.config.server.strict_translation;
    let mut needs = None;
    let mut unfit = Vec::new();
    let mut targets = Vec::new();
    for target in chain.targets.iter().filter_map(|id| snapshot.target(*id)) {
        let sent = match prepare::unfit(&inbound, target, &mut needs) {
            Some(unfit) => Err(unfit),
            None => Lane::new(&inbound, target, &target.abilities, strict),
        };
        targets.push(told(&inbound, target, &sent)?);
        unfit.extend(sent.err().map(|why| (target.model.nickname.clone(), why)));
    }
    let refusal = (unfit.len() == targets.len()).then(|| refusal(&inbound, &unfit));
    Ok(Explained {
        alias: chain.alias.as_deref().map(str::to_owned),
        format: inbound.format.name(),
        streamed: inbound.streamed,
        model: inbound.model,
        targets,
        note: FRESH,
        refusal,
    })
}

fn inbound(args: &Args) -> Result<Inbound, String> {
    let format: &dyn ClientFormat = match args.from {
        From::Chat => CHAT,
        From::Messages => MESSAGES,
    };
    let name = args.request.display();
    let body = if args.request.as_os_str() == "-" {
        let mut body = Vec::new();
        io::stdin().read_to_end(&mut body).map(|_| body)
    } else {
        std::fs::read(&args.request)
    };
    let body = Bytes::from(body.map_err(|error| format!("{name}: {error}"))?);
    let body = match &args.model {
        Some(model) => with_model(body, model).map_err(|error| format!("{name}: {error}"))?,
        None => body,
    };
    let headers = client_headers(&args.headers)?;
    parse::read_whole(format, (headers, None), body, Backlog::default())
        .map_err(|failure| format!("{name}: {}", failure.words.message))
}

fn with_model(body: Bytes, model: &str) -> Result<Bytes, routectl_wire::BadBody> {
    let edit = Edit::set("model", "model", quote(model));
    Ok(Document::parse(body)?.spliced(&[edit]).joined())
}

fn client_headers(lines: &[String]) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for line in lines {
        let parsed = line.split_once(':').and_then(|(name, value)| {
            let name = HeaderName::try_from(name.trim()).ok()?;
            Some((name, HeaderValue::try_from(value.trim()).ok()?))
        });
        let Some((name, value)) = parsed else {
            return Err(format!("--header {line:?}: expected 'NAME: VALUE'"));
        };
        headers.append(name, value);
    }
    Ok(headers)
}

fn told(inbound: &Inbound, target: &Target, lane: &Result<Lane, Unfit>) -> Result<Told, String> {
    let sent = match (lane, &target.upstream) {
        (Ok(lane), Upstream::Served { provider, .. }) => {
            Some(sent(inbound, target, lane, &**provider)?)
        }
        (Ok(_) | Err(_), _) => None,
    };
    Ok(Told {
        model: target.model.nickname.clone(),
        provider: target.names.provider.to_str().unwrap_or_default().to_owned(),
        upstream: target.model.upstream.clone(),
        skipped: lane.as_ref().err().map(Unfit::to_string),
        sent,
    })
}

fn sent(
    inbound: &Inbound,
    target: &Target,
    lane: &Lane,
    provider: &dyn Provider,
) -> Result<Sent, String> {
    let credential = Credential::Secret(Secret::new(REDACTED.to_owned()));
    let request = prepare::request(inbound, lane, target, (provider, &credential))
        .map_err(|failure| failure.to_string())?;
    let body = String::from_utf8_lossy(&request.body().joined()).into_owned();
    let shown = |(name, value): (&HeaderName, &HeaderValue)| {
        let secret = value.is_sensitive() || headers::is_credential(name);
        let value =
            if secret { REDACTED.into() } else { String::from_utf8_lossy(value.as_bytes()) };
        (name.as_str().to_owned(), value.into_owned())
    };
    let lost =
        |loss: &Loss| Lost { path: loss.path.clone(), fate: loss.fate.name(), reason: loss.reason };
    Ok(Sent {
        lane: lane.name(),
        url: request.uri().to_string(),
        headers: request.headers().iter().map(shown).collect(),
        losses: lane.losses().iter().map(lost).collect(),
        body: RawValue::from_string(body)
            .map_err(|error| format!("the body is not JSON: {error}"))?,
    })
}

fn refusal(inbound: &Inbound, unfit: &[(String, Unfit)]) -> Refusal {
    let unfit: Vec<_> = unfit.iter().map(|(nickname, unfit)| (nickname.clone(), unfit)).collect();
    let failure = walk::none_fits(&inbound.model, &unfit);
    let message = failure.words.message.clone();
    Refusal { status: crate::rescue::Rescue::from(failure).status().as_u16(), message }
}

impl Explained {
    fn for_people(&self) -> String {
        let mut text = String::new();
        let way = match &self.alias {
            Some(alias) => format!("alias {alias:?}"),
            None => "a model's nickname".to_owned(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:?} ({}) matches {way}", self.model, self.format);
        let _ = writeln!(text, "({FRESH})");
        for (number, target) in self.targets.iter().enumerate() {
            let _ = write!(text, "\n{}. ", number + 1);
            target.for_people(&mut text);
        }
        if let Some(Refusal { status, message }) = &self.refusal {
            let _ =
                writeln!(text, "\nno target would be asked; the client gets {status}: {message}");
        }
        text
    }
}

impl Told {
    fn for_people(&self, text: &mut String) {
        let _ = write!(text, "{} ({} at {}): ", self.model, self.upstream, self.provider);
        let Some(sent) = &self.sent else {
            let _ = writeln!(text, "skipped: {}", self.skipped.as_deref().unwrap_or_default());
            return;
        };
        let _ = writeln!(text, "{} lane", sent.lane);
        let _ = writeln!(text, "   POST {}", sent.url);
        for (name, value) in &sent.headers {
            let _ = writeln!(text, "   {name}: {value}");
        }
        for Lost { path, fate, reason } in &sent.losses {
            let _ = writeln!(text, "   lost: {path} {fate}: {reason}");
        }
        let _ = writeln!(text, "\n{}", sent.body);
    }
}
