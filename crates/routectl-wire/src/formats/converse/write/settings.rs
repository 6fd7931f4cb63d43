//! The request's smaller members: limits, sampling, stops, what the answer has to be.

use routectl_core::{Effort, Loss, OutputFormat, Request};

use super::{Writer, thinking};
use crate::json::Object;
use crate::names;

/// What the client calls the schema of the answer.
pub(super) fn schema_name(request: &Request) -> Option<String> {
    match &request.output {
        Some(OutputFormat::JsonSchema { name, .. }) => name.clone(),
        Some(OutputFormat::JsonObject) | None => None,
    }
}

/// Writes `inferenceConfig`.
pub(super) fn inference(writer: &mut Writer<'_>, body: &mut Object<'_>) {
    let mut max_tokens = limit(writer);
    let mut sampling = writer.fitted.sampling;
    if thinking::thinks_freely(&writer.plan) {
        let reason = "this model takes no limit and no sampling beside so much thinking";
        let names = writer.fitted.request.names;
        let said = [
            (names.max_tokens, max_tokens.take().is_some() && writer.asks_for_a_limit()),
            ("temperature", sampling.temperature.take().is_some()),
            ("top_p", sampling.top_p.take().is_some()),
        ];
        let said: Vec<_> = said.into_iter().filter(|(_, said)| *said).collect();
        if !said.is_empty() {
            let reason = "so much thinking takes the limit and the sampling away";
            writer.losses.push(Loss::degraded(names.reasoning, reason));
        }
        writer.losses.extend(said.iter().map(|(member, _)| Loss::dropped(*member, reason)));
    }
    let stops = &writer.fitted.stops;
    let is_silent = max_tokens.is_none() && sampling.temperature.is_none();
    if is_silent && sampling.top_p.is_none() && stops.is_empty() {
        return;
    }
    let mut config = body.object("inferenceConfig");
    if let Some(max_tokens) = max_tokens {
        config.count("maxTokens", max_tokens);
    }
    if let Some(temperature) = sampling.temperature {
        config.number("temperature", temperature);
    }
    if let Some(top_p) = sampling.top_p {
        config.number("topP", top_p);
    }
    if !stops.is_empty() {
        let mut list = config.list("stopSequences");
        stops.iter().for_each(|stop| list.text(stop));
    }
}

impl Writer<'_> {
    fn asks_for_a_limit(&self) -> bool {
        self.fitted.request.max_tokens.is_some()
    }
}

/// The limit of the answer. Without one the host sets the model's own maximum aside, and counts it
/// against the account. (facts: bedrock, section 2.1)
fn limit(writer: &mut Writer<'_>) -> Option<u64> {
    let Request { max_tokens: asked, names, .. } = writer.fitted.request;
    if asked == Some(0) {
        let reason = "the format has no request for nothing but a warm cache";
        writer.losses.push(Loss::refused(names.max_tokens, reason));
    }
    if writer.target.is_claude() {
        return Some(writer.fitted.max_tokens);
    }
    let most = writer.abilities.max_output_tokens;
    match (asked, most) {
        (Some(asked), Some(most)) if most < asked => {
            let reason = "the model writes no more than this";
            writer.losses.push(Loss::clamped(names.max_tokens, reason));
            Some(most)
        }
        (Some(asked), _) => Some(asked),
        (None, most) => most,
    }
}

/// Writes `top_k` where the model has it.
pub(super) fn top_k(writer: &mut Writer<'_>, fields: &mut Object<'_>) {
    let Some(top_k) = writer.fitted.sampling.top_k else { return };
    match writer.vendor.top_k.map(|path| path.split_once('.').ok_or(path)) {
        Some(Ok((member, below))) => fields.object(member).count(below, top_k),
        Some(Err(member)) => fields.count(member, top_k),
        None => writer.losses.push(Loss::dropped("top_k", "this model has no such member")),
    }
}

/// Writes `outputConfig`: the effort of Claude, and the schema of the answer, as a text.
pub(super) fn output(writer: &Writer<'_>, body: &mut Object<'_>) {
    let effort = writer.fitted.thinking.effort.map(Effort::name);
    let schema = writer.fitted.output.schema.as_deref();
    if effort.is_none() && schema.is_none() {
        return;
    }
    let mut config = body.object("outputConfig");
    if let Some(schema) = schema {
        let mut format = config.object("textFormat");
        format.text("type", "json_schema");
        let mut structure = format.object("structure");
        let mut json = structure.object("jsonSchema");
        json.text("schema", schema);
        let name = writer.schema_name.as_deref().filter(|name| !name.is_empty());
        json.text_if("name", name.map(names::legal).as_deref());
    }
    config.text_if("effort", effort);
}
