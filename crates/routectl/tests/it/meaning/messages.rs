//! Messages answers, read as anthropic-python and @anthropic-ai/sdk read them. (facts: Anthropic
//! messages, sections 8, 9 and 9.2)

use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::{Call, Counters, Meaning, Stop};
use crate::harness::events;

type Read<T> = Result<T, String>;

pub(super) fn whole(body: &[u8]) -> Read<Meaning> {
    let parse = |error: serde_json::Error| error.to_string();
    let answer: Value = serde_json::from_slice(body).map_err(parse)?;
    let raw: HashMap<String, &RawValue> = serde_json::from_slice(body).map_err(parse)?;
    let raw: Vec<HashMap<String, &RawValue>> =
        serde_json::from_str(raw.get("content").ok_or("content")?.get()).map_err(parse)?;
    let mut reader = Reader::default();
    reader.start(&answer)?;
    for (index, (block, raw)) in list(&answer["content"])?.iter().zip(raw).enumerate() {
        let kind = text(block, "type")?;
        reader.open(index, block, kind)?;
        let read = |name: &str| block[name].as_str().unwrap_or_default();
        match kind {
            "tool_use" => {
                expect(block["input"].is_object(), "input is an object")?;
                let input = raw.get("input").map(|input| input.get().to_owned());
                reader.last_call()?.arguments = input.unwrap_or_default();
            }
            "text" => reader.meaning.text.push_str(read("text")),
            "thinking" => {
                reader.meaning.thoughts.push_str(read("thinking"));
                reader.meaning.seals.push(read("signature").to_owned());
            }
            _ => {}
        }
        reader.open = None;
    }
    reader.stopped(&answer)?;
    reader.meaning.usage = Some(counters(&answer["usage"], Counters::default())?);
    Ok(reader.meaning)
}

/// The state of a reader between two events.
#[derive(Default)]
struct Reader {
    meaning: Meaning,
    started: bool,
    /// The kind of the block that is open.
    open: Option<String>,
    blocks: usize,
    signed: bool,
    ended: bool,
}

pub(super) fn stream(stream: &[u8]) -> Read<(Meaning, bool)> {
    let mut reader = Reader::default();
    for event in events(stream) {
        let event = std::str::from_utf8(event).map_err(|error| error.to_string())?;
        let Some(event) = event.strip_suffix("\n\n") else { return Err(format!("half {event:?}")) };
        if event.starts_with(':') {
            continue;
        }
        let parts = event.strip_prefix("event: ").and_then(|it| it.split_once("\ndata: "));
        let Some((name, data)) = parts else { return Err(format!("odd {event:?}")) };
        let value: Value = serde_json::from_str(data).map_err(|error| error.to_string())?;
        expect(value["type"] == name, "the event's name is its type")?;
        expect(!reader.ended, "nothing after the end")?;
        reader.event(name, &value).map_err(|why| format!("{why}, in {data}"))?;
    }
    Ok((reader.meaning, reader.ended))
}

impl Reader {
    fn event(&mut self, name: &str, value: &Value) -> Read<()> {
        if name == "ping" {
            return Ok(());
        }
        expect(self.started == (name != "message_start"), "the start first, and once")?;
        match name {
            "message_start" => {
                self.start(&value["message"])?;
                expect(list(&value["message"]["content"])?.is_empty(), "an empty start")?;
                self.meaning.usage =
                    Some(counters(&value["message"]["usage"], Counters::default())?);
                Ok(())
            }
            "content_block_start" => {
                let index = value["index"].as_u64().ok_or("an index")?;
                let block = &value["content_block"];
                let kind = text(block, "type")?;
                self.open(usize::try_from(index).unwrap(), block, kind)?;
                seed(block, kind)
            }
            "content_block_delta" => {
                self.at(value)?;
                self.delta(&value["delta"])
            }
            "content_block_stop" => {
                self.at(value)?;
                let kind = self.open.take();
                let unsigned = kind.as_deref() == Some("thinking") && !self.signed;
                if kind.as_deref() == Some("tool_use") {
                    let call = self.last_call()?;
                    if call.arguments.is_empty() {
                        "{}".clone_into(&mut call.arguments);
                    }
                }
                expect(!unsigned, "a signature, without which thinking cannot be sent back")
            }
            "message_delta" => {
                expect(self.open.is_none(), "no open block")?;
                self.stopped(&value["delta"])?;
                let start = self.meaning.usage.unwrap_or_default();
                self.meaning.usage = Some(counters(&value["usage"], start)?);
                Ok(())
            }
            "message_stop" => {
                expect(self.meaning.stop != Stop::Open, "a reason before the end")?;
                self.ended = true;
                Ok(())
            }
            other => Err(format!("an unknown event {other}")),
        }
    }

    fn start(&mut self, message: &Value) -> Read<()> {
        expect(message["type"] == "message" && message["role"] == "assistant", "a message")?;
        expect(message["id"].is_string(), "an id")?;
        text(message, "model")?.clone_into(&mut self.meaning.model);
        self.started = true;
        Ok(())
    }

    /// Blocks are pushed and later found by their index.
    fn open(&mut self, index: usize, block: &Value, kind: &str) -> Read<()> {
        expect(self.open.is_none(), "one block at a time")?;
        expect(index == self.blocks, "dense indices")?;
        expect(self.meaning.stop == Stop::Open, "no block behind the reason")?;
        self.blocks += 1;
        self.signed = false;
        self.open = Some(kind.to_owned());
        match kind {
            "tool_use" => self.meaning.calls.push(Call {
                id: text(block, "id")?.to_owned(),
                name: text(block, "name")?.to_owned(),
                arguments: String::new(),
            }),
            "redacted_thinking" => self.meaning.seals.push(text(block, "data")?.to_owned()),
            "text" | "thinking" => {}
            // Of the vendor's own tools.
            "server_tool_use" | "web_search_tool_result" => {}
            _ => return Err(format!("a block of an unknown kind {kind}")),
        }
        let known = ["thinking", "redacted_thinking", "text", "tool_use"];
        self.meaning.order.extend(known.iter().find(|known| **known == kind));
        Ok(())
    }

    fn at(&self, value: &Value) -> Read<()> {
        let last = self.blocks.checked_sub(1).map(|last| last as u64);
        let fits = last.is_some() && value["index"].as_u64() == last;
        expect(fits && self.open.is_some(), "the block that is open")
    }

    /// A delta that does not fit its block is lost without a word.
    fn delta(&mut self, delta: &Value) -> Read<()> {
        let kind = text(delta, "type")?;
        match (self.open.as_deref(), kind) {
            (Some("text"), "text_delta") => self.meaning.text.push_str(text(delta, "text")?),
            (Some("tool_use"), "input_json_delta") => {
                let part = text(delta, "partial_json")?.to_owned();
                self.last_call()?.arguments.push_str(&part);
            }
            (Some("thinking"), "thinking_delta") => {
                self.meaning.thoughts.push_str(text(delta, "thinking")?);
            }
            (Some("thinking"), "signature_delta") => {
                expect(!self.signed, "one signature")?;
                self.signed = true;
                self.meaning.seals.push(text(delta, "signature")?.to_owned());
            }
            (Some("text"), "citations_delta") | (Some("server_tool_use"), "input_json_delta") => {}
            (open, other) => return Err(format!("{other} in {open:?}")),
        }
        Ok(())
    }

    fn stopped(&mut self, holder: &Value) -> Read<()> {
        let sequence = || holder["stop_sequence"].as_str().unwrap_or_default().to_owned();
        expect(holder.get("stop_sequence").is_some(), "a stop sequence or null")?;
        let Some(word) = holder["stop_reason"].as_str() else { return Ok(()) };
        expect(self.meaning.stop == Stop::Open, "one reason")?;
        self.meaning.stop = match word {
            "end_turn" => Stop::End,
            "max_tokens" => Stop::Length,
            "tool_use" => Stop::Tools,
            "refusal" => Stop::Refusal,
            "stop_sequence" => Stop::Sequence(sequence()),
            other => Stop::Other(other.to_owned()),
        };
        if word == "refusal" {
            let said = holder.pointer("/stop_details/explanation").and_then(Value::as_str);
            self.meaning.refusal = said.unwrap_or_default().to_owned();
        }
        Ok(())
    }

    fn last_call(&mut self) -> Read<&mut Call> {
        self.meaning.calls.last_mut().ok_or_else(|| "a call".to_owned())
    }
}

/// Without its seed a block begins as `undefined` in one SDK and raises in the other.
fn seed(block: &Value, kind: &str) -> Read<()> {
    let seeds: &[(&str, Value)] = &match kind {
        "text" => vec![("text", Value::from(""))],
        "thinking" => vec![("thinking", Value::from("")), ("signature", Value::from(""))],
        "tool_use" => vec![("input", serde_json::from_str("{}").unwrap())],
        _ => Vec::new(),
    };
    let holds = |(name, value): &(&str, Value)| block.get(*name) == Some(value);
    expect(seeds.iter().all(holds), "the seed that SDKs need")
}

/// Counters overwrite where they are given, and are cumulative.
fn counters(usage: &Value, before: Counters) -> Read<Counters> {
    let number = |way: &str| usage.pointer(way).and_then(Value::as_u64);
    let output = number("/output_tokens").ok_or("output tokens")?;
    Ok(Counters {
        fresh: number("/input_tokens").unwrap_or(before.fresh),
        cache_read: number("/cache_read_input_tokens").unwrap_or(before.cache_read),
        cache_write: number("/cache_creation_input_tokens").unwrap_or(before.cache_write),
        output,
        reasoning: number("/output_tokens_details/thinking_tokens").unwrap_or(before.reasoning),
    })
}

fn expect(met: bool, what: &str) -> Read<()> {
    if met { Ok(()) } else { Err(format!("not so: {what}")) }
}

fn text<'a>(holder: &'a Value, name: &str) -> Read<&'a str> {
    holder[name].as_str().ok_or_else(|| format!("no text {name} in {holder}"))
}

fn list(value: &Value) -> Read<&[Value]> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| format!("not a list: {value}"))
}
