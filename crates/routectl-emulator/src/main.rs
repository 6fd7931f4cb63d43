//! The scripted hosts as a program, for benchmarks and for clients in other languages.

#![expect(
    clippy::disallowed_methods,
    reason = "`json!` is `to_value` inside; what a scripted host says is literal JSON"
)]

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use routectl_emulator::{Emulator, FAULTS, Fault, Format, ODDITIES, SAYINGS, Saying};
use serde_json::{Value, json};
use tokio::sync::oneshot;

const USAGE: &str = "\
Scripted OpenAI-style and Anthropic-style hosts on 127.0.0.1. The request's model says what happens.

Usage: routectl-emulator [--chat-port N] [--messages-port N] [--for SECONDS]
       routectl-emulator --list-faults

Prints one line of JSON with both base URLs, and stops after --for seconds (default 600) or when
its standard input, if that is a pipe, is closed. --list-faults prints the faults, the oddities and
the scripted answers as JSON. Port 0, the default, takes a free one.
";

/// How long the program lives unless told otherwise.
const LIFETIME: Duration = Duration::from_secs(600);

/// What the command line asks for.
#[derive(Debug, Default)]
struct Wish {
    chat_port: u16,
    messages_port: u16,
    lifetime: Option<Duration>,
    lists: bool,
}

fn main() -> ExitCode {
    let wish = match wish(std::env::args().skip(1)) {
        Ok(wish) => wish,
        Err(why) => {
            let _ = write!(io::stderr(), "{why}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let done = if wish.lists { say(&lists()) } else { run(&wish) };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(io::stderr(), "routectl-emulator: {why}");
            ExitCode::FAILURE
        }
    }
}

fn wish(mut words: impl Iterator<Item = String>) -> Result<Wish, String> {
    let mut wish = Wish::default();
    while let Some(word) = words.next() {
        let mut number = || {
            let text = words.next().ok_or_else(|| format!("{word} needs a number"))?;
            text.parse::<u64>().map_err(|_| format!("{word} needs a number, not `{text}`"))
        };
        let port = |number: u64| u16::try_from(number).map_err(|_| format!("{number} is no port"));
        match word.as_str() {
            "--chat-port" => wish.chat_port = port(number()?)?,
            "--messages-port" => wish.messages_port = port(number()?)?,
            "--for" => wish.lifetime = Some(Duration::from_secs(number()?)),
            "--list-faults" => wish.lists = true,
            other => return Err(format!("unknown argument `{other}`")),
        }
    }
    Ok(wish)
}

fn run(wish: &Wish) -> io::Result<()> {
    // One thread: the hosts share the machine with what they measure.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let address = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let emulator =
            Emulator::start_on(address(wish.chat_port), address(wish.messages_port)).await?;
        say(&json!({
            "chat": emulator.chat_base_url(),
            "messages": emulator.messages_base_url(),
        }))?;
        tokio::select! {
            () = tokio::time::sleep(wish.lifetime.unwrap_or(LIFETIME)) => {}
            () = input_closes() => {}
        }
        Ok(())
    })
}

fn say(line: &Value) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "{line}")?;
    out.flush()
}

/// Resolves when standard input is a pipe and its other end is gone. A terminal or `/dev/null`
/// says nothing.
async fn input_closes() {
    let (closed, closing) = oneshot::channel::<()>();
    if !input_is_pipe() {
        return std::future::pending().await;
    }
    std::thread::spawn(move || {
        let mut sink = [0; 256];
        while matches!(io::stdin().read(&mut sink), Ok(1..)) {}
        drop(closed);
    });
    // The sender only ever drops.
    let _ = closing.await;
}

#[cfg(unix)]
fn input_is_pipe() -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = std::fs::metadata("/dev/stdin").map(|it| it.file_type());
    kind.is_ok_and(|kind| kind.is_fifo() || kind.is_socket())
}

#[cfg(not(unix))]
fn input_is_pipe() -> bool {
    false
}

fn lists() -> Value {
    let applies = |to: routectl_emulator::Applies| {
        let mut pairs = Vec::new();
        for (format, host) in [(Format::Chat, "chat"), (Format::Messages, "messages")] {
            for (streamed, mode) in [(true, "streamed"), (false, "whole")] {
                if to.to(format, streamed) {
                    pairs.push(json!([host, mode]));
                }
            }
        }
        pairs
    };
    let fault = |fault: &Fault| {
        json!({"name": fault.name, "model": format!("fault-{}", fault.name),
            "class": fault.class, "phase": fault.phase.name(), "applies": applies(fault.applies)})
    };
    let faults: Vec<Value> = FAULTS.iter().map(fault).collect();
    let odd = |odd: &routectl_emulator::Oddity| json!({"name": odd.name, "model": odd.name, "applies": applies(odd.applies)});
    let oddities: Vec<Value> = ODDITIES.iter().map(odd).collect();
    let saying = |saying: &Saying| {
        let hosts = [(Format::Chat, "chat"), (Format::Messages, "messages")];
        let hosts = hosts.into_iter().filter(|(format, _)| saying.is_for(*format));
        let pairs =
            hosts.flat_map(|(_, host)| ["streamed", "whole"].map(|mode| json!([host, mode])));
        json!({"name": saying.name, "model": saying.name, "applies": pairs.collect::<Vec<_>>()})
    };
    let sayings: Vec<Value> = SAYINGS.iter().map(saying).collect();
    json!({ "faults": faults, "oddities": oddities, "sayings": sayings })
}
