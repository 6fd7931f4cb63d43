//! Chat answers, read as openai-python and openai-node read them. (facts: OpenAI chat, sections 5
//! and 6.1)

use serde_json::Value;

use super::{Call, Counters, Meaning, Stop};
use crate::harness::events;

type Read<T> = Result<T, String>;

pub(super) fn whole(body: &[u8]) -> Read<Meaning> {
    let answer: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let mut meaning = Meaning { model: text(&answer, "model")?.to_owned(), ..Meaning::default() };
    expect(answer["object"] == "chat.completion", "object is chat.completion")?;
    expect(answer["id"].is_string() && answer["created"].is_u64(), "an id and a time")?;
    let [choice] = list(&answer["choices"])? else { return Err("one choice".to_owned()) };
    expect(choice["index"] == 0, "index 0")?;
    let message = &choice["message"];
    expect(message["role"] == "assistant", "the assistant's role")?;
    meaning.text = optional(message, "content")?.to_owned();
    meaning.refusal = optional(message, "refusal")?.to_owned();
    thoughts(message, &mut meaning)?;
    for detail in list(&message["reasoning_details"])? {
        meaning.seals.extend(seal(detail));
    }
    for call in list(&message["tool_calls"])? {
        expect(call["type"] == "function", "a function")?;
        let function = &call["function"];
        let arguments = text(function, "arguments")?.to_owned();
        meaning.calls.push(Call {
            id: text(call, "id")?.to_owned(),
            name: text(function, "name")?.to_owned(),
            arguments,
        });
    }
    let empty = message["content"].is_null();
    let other = !meaning.calls.is_empty() || !meaning.refusal.is_empty();
    expect(
        !empty || other || choice["finish_reason"] == "content_filter",
        "null content for a reason",
    )?;
    meaning.stop = stop(text(choice, "finish_reason")?);
    meaning.usage = answer.get("usage").map(counters).transpose()?;
    Ok(meaning)
}

/// What the vendor's own answers always have, and SDKs' types promise.
pub(super) fn complete(body: &[u8]) -> Read<()> {
    let answer: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let message = &answer["choices"][0]["message"];
    let has = |name: &str| message.get(name).is_some();
    expect(has("content") && has("refusal"), "content and refusal are always there")?;
    expect(answer.get("usage").is_some(), "counters are always there")
}

/// The state of a reader between two chunks.
#[derive(Default)]
struct Reader {
    meaning: Meaning,
    head: Option<[Value; 3]>,
    calls: Vec<u64>,
    /// Sealed or signed thoughts by their index.
    seals: Vec<(u64, String)>,
    done: bool,
}

pub(super) fn stream(stream: &[u8]) -> Read<(Meaning, bool)> {
    let mut reader = Reader::default();
    for event in events(stream) {
        let event = std::str::from_utf8(event).map_err(|error| error.to_string())?;
        let Some(event) = event.strip_suffix("\n\n") else { return Err(format!("half {event:?}")) };
        if event.starts_with(':') {
            continue;
        }
        let Some(data) = event.strip_prefix("data: ") else { return Err(format!("odd {event:?}")) };
        expect(
            !reader.done && !data.contains('\n'),
            "one line of data, and nothing after the end",
        )?;
        if data == "[DONE]" {
            reader.done = true;
            continue;
        }
        let chunk: Value = serde_json::from_str(data).map_err(|error| error.to_string())?;
        reader.chunk(&chunk).map_err(|why| format!("{why}, in {data}"))?;
    }
    let Reader { mut meaning, seals, done, .. } = reader;
    expect(!done || meaning.stop != Stop::Open, "a finish before the end")?;
    meaning.seals = seals.into_iter().map(|(_, seal)| seal).collect();
    Ok((meaning, done))
}

impl Reader {
    fn chunk(&mut self, chunk: &Value) -> Read<()> {
        expect(chunk.get("error").is_none(), "no error")?;
        expect(chunk["object"] == "chat.completion.chunk", "object is chat.completion.chunk")?;
        let head = ["id", "created", "model"].map(|name| chunk[name].clone());
        let first = self.head.is_none();
        let same = self.head.get_or_insert_with(|| head.clone()) == &head;
        expect(same && head[1].is_u64() && head[0].is_string(), "one head in all chunks")?;
        self.meaning.model = text(chunk, "model")?.to_owned();
        if let Some(usage) = chunk.get("usage").filter(|usage| !usage.is_null()) {
            expect(self.meaning.usage.is_none(), "counters once")?;
            expect(self.meaning.stop != Stop::Open, "counters behind the finish")?;
            expect(list(&chunk["choices"])?.is_empty(), "counters without a choice")?;
            self.meaning.usage = Some(counters(usage)?);
            return Ok(());
        }
        let [choice] = list(&chunk["choices"])? else { return Err("one choice".to_owned()) };
        expect(choice["index"] == 0, "index 0")?;
        expect(self.meaning.stop == Stop::Open, "nothing behind the finish")?;
        let delta = &choice["delta"];
        expect(delta.is_object(), "a delta")?;
        let role = delta.get("role");
        expect(role.is_some() == first, "the role in the first chunk only")?;
        expect(role.is_none_or(|role| role == "assistant"), "the assistant's role")?;
        self.delta(delta)?;
        if let Some(finish) = choice.get("finish_reason").filter(|finish| !finish.is_null()) {
            self.meaning.stop = stop(finish.as_str().ok_or("a word for the finish")?);
        }
        Ok(())
    }

    fn delta(&mut self, delta: &Value) -> Read<()> {
        self.meaning.text.push_str(optional(delta, "content")?);
        self.meaning.refusal.push_str(optional(delta, "refusal")?);
        thoughts(delta, &mut self.meaning)?;
        for detail in list(&delta["reasoning_details"])? {
            let index = detail["index"].as_u64().ok_or("an index of the detail")?;
            let Some(sealed) = seal(detail) else { continue };
            expect(self.seals.iter().all(|(known, _)| *known != index), "one seal of a thought")?;
            self.seals.push((index, sealed));
        }
        list(&delta["tool_calls"])?.iter().try_for_each(|call| self.call(call))
    }

    fn call(&mut self, call: &Value) -> Read<()> {
        let index = call["index"].as_u64().ok_or("an index of the call")?;
        let function = &call["function"];
        let arguments = text(function, "arguments")?;
        if let Some(place) = self.calls.iter().position(|known| *known == index) {
            // openai-python appends: what comes twice stands there doubled.
            let again = ["id", "type"].iter().any(|name| call.get(*name).is_some());
            expect(!again && function.get("name").is_none(), "id and name once")?;
            self.meaning.calls[place].arguments.push_str(arguments);
            return Ok(());
        }
        expect(index == self.calls.len() as u64, "calls in order")?;
        expect(call["type"] == "function", "a function")?;
        self.calls.push(index);
        self.meaning.calls.push(Call {
            id: text(call, "id")?.to_owned(),
            name: text(function, "name")?.to_owned(),
            arguments: arguments.to_owned(),
        });
        Ok(())
    }
}

/// Clients read one of these members, so both say the same.
fn thoughts(holder: &Value, meaning: &mut Meaning) -> Read<()> {
    let [one, other] = ["reasoning_content", "reasoning"].map(|name| optional(holder, name));
    let (one, other) = (one?, other?);
    expect(one.is_empty() || other.is_empty() || one == other, "the thoughts of one mind")?;
    meaning.thoughts.push_str(if one.is_empty() { other } else { one });
    Ok(())
}

fn seal(detail: &Value) -> Option<String> {
    let seal = ["signature", "data"].iter().find_map(|name| detail[*name].as_str());
    seal.filter(|seal| !seal.is_empty()).map(str::to_owned)
}

fn stop(word: &str) -> Stop {
    match word {
        "stop" => Stop::End,
        "length" => Stop::Length,
        "tool_calls" => Stop::Tools,
        "content_filter" => Stop::Refusal,
        other => Stop::Other(other.to_owned()),
    }
}

fn counters(usage: &Value) -> Read<Counters> {
    let number = |way: &str| usage.pointer(way).and_then(Value::as_u64);
    let must = |way: &str| number(way).ok_or_else(|| format!("no {way} in {usage}"));
    let (prompt, output) = (must("/prompt_tokens")?, must("/completion_tokens")?);
    expect(must("/total_tokens")? == prompt + output, "a total that adds up")?;
    let hit = number("/prompt_cache_hit_tokens").unwrap_or(0);
    let cache_read = number("/prompt_tokens_details/cached_tokens").unwrap_or(hit);
    let cache_write = number("/prompt_tokens_details/cache_write_tokens").unwrap_or(0);
    let fresh =
        prompt.checked_sub(cache_read + cache_write).ok_or("a prompt that holds its cache")?;
    let reasoning = number("/completion_tokens_details/reasoning_tokens").unwrap_or(0);
    Ok(Counters { fresh, cache_read, cache_write, output, reasoning })
}

fn expect(met: bool, what: &str) -> Read<()> {
    if met { Ok(()) } else { Err(format!("not so: {what}")) }
}

fn text<'a>(holder: &'a Value, name: &str) -> Read<&'a str> {
    holder[name].as_str().ok_or_else(|| format!("no text {name} in {holder}"))
}

/// A text that may be missing or null.
fn optional<'a>(holder: &'a Value, name: &str) -> Read<&'a str> {
    match holder.get(name) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(text),
        Some(other) => Err(format!("{name} is {other}")),
    }
}

/// A list that may be missing or null.
fn list(value: &Value) -> Read<&[Value]> {
    if value.is_null() {
        return Ok(&[]);
    }
    value.as_array().map(Vec::as_slice).ok_or_else(|| format!("not a list: {value}"))
}
