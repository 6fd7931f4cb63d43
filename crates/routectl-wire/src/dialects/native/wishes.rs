//! How much a client wants the model to think: members that the host has no word for are said with
//! those that it has. What the client says in the host's own words stays as it is.

use routectl_core::{Abilities, Dialect, Effort, Fixed, History, Loss, ReasoningControl, Show};

use crate::dialects::control::{self, Limits, Plan, Value, parts};
use crate::document::{quote, unquote};
use crate::formats::{CHAT, chat};
use crate::{Document, Edit, Fit, Step};

/// The name of these edits in the trace.
const NAME: &str = "reasoning";

/// What is read of objects that speak of thinking; what else is in them is the host's affair.
const BELOW: [(&str, &[&str]); 3] = [
    ("reasoning", &["effort", "max_tokens", "enabled", "exclude", "summary"]),
    ("thinking", &["type", "budget_tokens", "effort"]),
    ("chat_template_kwargs", &["enable_thinking", "thinking", "reasoning_effort"]),
];

/// A client's wish, and the target it is for.
struct Wish<'a> {
    body: &'a Document,
    dialect: &'a Dialect,
    limits: Limits<'a>,
    control: ReasoningControl,
    /// The members that say it.
    members: Vec<&'static str>,
}

/// Says the wish in the target's words.
pub(super) fn adapt(body: &Document, abilities: &Abilities, fit: &mut Fit) {
    // What nobody understands is for the host to refuse.
    let Some((control, members)) = chat::wish(body) else { return };
    let dialect = &abilities.quirks.dialect;
    let limits = limits(body, abilities);
    let wish = Wish { body, dialect, limits, control, members };
    let mut plan = wish.plan();
    if plan.is_none() {
        clamp(body, abilities, fit);
    }
    let mut always = Plan::default();
    let is_said = |fixed: &&Fixed| wish.speaks_of(parts(fixed.path).0, plan.is_none());
    let unsaid = dialect.control.always.iter().filter(|fixed| !is_said(fixed));
    for fixed in unsaid.collect::<Vec<_>>() {
        plan.as_mut().unwrap_or(&mut always).say_fixed(*fixed);
    }
    if abilities.history == History::Preserve {
        let member = dialect.echo.keep.map_or("", |keep| parts(keep.path).0);
        let is_told = plan.is_none() && body.count(member) > 0;
        plan.as_mut().unwrap_or(&mut always).keep(dialect, is_told);
    }
    if let Some(plan) = &mut plan {
        fit.losses.append(&mut plan.losses);
        wish.edit(plan, fit);
    }
    for (member, value) in always.members() {
        fit.edits.extend(merged(body, member, &value, false));
    }
    let is_off = plan.map_or_else(|| control.enabled == Some(false), |plan| plan.is_off);
    if !is_off {
        wish.drop_refused(fit);
    }
}

/// Brings an effort within the operator's, where nothing else is changed.
pub(super) fn clamp(body: &Document, abilities: &Abilities, fit: &mut Fit) {
    let dialect = &abilities.quirks.dialect;
    let limits = limits(body, abilities);
    let control = ReasoningControl::default();
    let wish = Wish { body, dialect, limits, control, members: Vec::new() };
    if let Some((edit, loss)) = wish.clamp() {
        fit.edits.push(edit);
        fit.losses.push(loss);
    }
}

/// The operator's limits. Without any, the host's own words are the only ones.
fn limits<'a>(body: &Document, abilities: &'a Abilities) -> Limits<'a> {
    let limits = Limits::of(abilities, CHAT.max_tokens(body));
    if limits.named { limits } else { Limits { efforts: &[], ..limits } }
}

impl Wish<'_> {
    /// How the wish is said, unless the client has said it as the host wants it.
    fn plan(&self) -> Option<Plan> {
        let path = self.members.first().copied().unwrap_or("stream");
        let is_off = self.control.enabled == Some(false);
        if self.dialect.control.streamed_only && !is_off && !self.body.is_true("stream") {
            let reason = "the model thinks in streamed answers only";
            return Some(Plan::off(self.dialect, vec![Loss::degraded(path, reason)]));
        }
        if self.members.iter().all(|member| self.is_own(member)) && self.is_lawful() {
            return None;
        }
        let mut plan = control::plan(&self.control, self.dialect, self.limits, path);
        // Where the host has no word for it, its answer is rewritten.
        if self.control.show == Some(Show::Nothing)
            && !plan.is_off
            && let Some(hide) = self.dialect.control.hide
        {
            plan.say_fixed(hide);
        }
        Some(plan)
    }

    /// Whether the host knows a member from its own clients.
    fn is_own(&self, member: &str) -> bool {
        let control = &self.dialect.control;
        let paths = [
            control.switch.map(|switch| switch.path),
            control.effort.map(|efforts| efforts.path),
            control.budget.map(|budget| budget.path),
            control.hide.map(|hide| hide.path),
            self.dialect.echo.keep.map(|keep| keep.path),
        ];
        let mut own = paths.into_iter().flatten().map(|path| parts(path).0);
        own.any(|own| own == member) || control.knows.contains(&member)
    }

    /// Whether the client's own words are ones that the host and the operator take.
    fn is_lawful(&self) -> bool {
        self.effort_is_lawful() && self.budget_is_lawful() && !self.is_told_off_in_vain()
    }

    /// Whether the client switches off what the host refuses to have switched off.
    fn is_told_off_in_vain(&self) -> bool {
        let switch = self.dialect.control.switch;
        let is_flag = switch.is_some_and(|switch| switch.on.is_some() && switch.off.is_none());
        is_flag && self.control.enabled == Some(false)
    }

    /// Whether there is a word for what the client asks. How much of it there can be is another
    /// matter.
    fn effort_is_lawful(&self) -> bool {
        let control = &self.dialect.control;
        let Some(efforts) = control.effort else {
            // A switch may be worded as an effort.
            let path = control.switch.map(|switch| switch.path);
            return path.is_none_or(|path| self.switches(path));
        };
        let Some(raw) = self.value(efforts.path) else { return true };
        let Some(word) = unquote(&raw) else { return true };
        match Effort::named(&word) {
            Some(_) => true,
            None if word == "none" => self.may_be_none(efforts.path),
            None => true,
        }
    }

    /// An effort as far as the operator allows it, or else the host does not refuse it.
    fn clamped(&self, asked: Effort) -> Effort {
        let control = &self.dialect.control;
        let known = control.effort.filter(|_| !control.takes_any_effort);
        let known = known.map_or(&[][..], |efforts| efforts.known);
        asked.clamped(if self.limits.named { self.limits.efforts } else { known })
    }

    /// An effort of the client's own that is too much or too little, brought to what can be.
    fn clamp(&self) -> Option<(Edit, Loss)> {
        let path = self.dialect.control.effort?.path;
        let raw = self.value(path)?;
        let asked = Effort::named(&unquote(&raw)?)?;
        let given = self.clamped(asked);
        let (member, below) = parts(path);
        let edit = Edit::set(NAME, member, quote(given.name()));
        let edit = below.into_iter().fold(edit, |edit, below| edit.at(below));
        let loss = Loss::clamped(path, "the model has no such effort");
        (given != asked).then_some((edit, loss))
    }

    /// Whether the effort may be `none`. OpenAI's clients know that of OpenAI's models themselves.
    fn may_be_none(&self, path: &str) -> bool {
        let switch = self.dialect.control.switch;
        let is_word = switch.is_some_and(|it| it.path == path && it.off == Some("\"none\""));
        is_word || path != "reasoning_effort" || self.dialect.name == Dialect::OPENAI.name
    }

    /// Whether a word of ours that stands here is one of the switch's.
    fn switches(&self, path: &'static str) -> bool {
        let Some(raw) = self.value(path) else { return true };
        let is_ours = unquote(&raw).is_some_and(|word| Effort::named(&word).is_some());
        let words = self.dialect.control.switch.map(|switch| [switch.on, switch.off]);
        let said = |word: &Option<&str>| word.is_some_and(|word| word.as_bytes() == raw);
        !is_ours || words.is_some_and(|words| words.iter().any(said))
    }

    fn budget_is_lawful(&self) -> bool {
        let cap = self.limits.max_budget;
        let budget = self.control.budget.filter(|_| cap > 0);
        budget.is_none_or(|tokens| tokens <= cap)
    }

    /// The raw value at a path of the client's body.
    fn value(&self, path: &'static str) -> Option<Vec<u8>> {
        let (member, below) = parts(path);
        let raw = self.body.get(member)?;
        match below {
            Some(below) => object(raw)?.get(below).map(<[u8]>::to_vec),
            None => Some(raw.to_vec()),
        }
    }

    /// Whether the client says a member, or where its own words stay another that excludes it.
    fn speaks_of(&self, member: &str, stays: bool) -> bool {
        let other = stays && member == "reasoning_format";
        self.body.count(member) > 0 || other && self.body.count("include_reasoning") > 0
    }

    /// Takes the client's words out and puts the host's in.
    fn edit(&self, plan: &Plan, fit: &mut Fit) {
        for member in self.members.iter().filter(|member| !plan.says(member)) {
            fit.edits.extend(removed(self.body, member));
        }
        for (member, value) in plan.members() {
            fit.edits.extend(merged(self.body, member, &value, true));
        }
    }

    /// Takes out what the model refuses since it thinks. What it does by itself is no loss.
    fn drop_refused(&self, fit: &mut Fit) {
        for member in self.dialect.refuses {
            let Some(raw) = self.body.get(member).filter(|raw| *raw != b"null") else { continue };
            fit.edits.push(Edit::remove("sampling", *member));
            let usual: &[&[u8]] =
                if member.ends_with("penalty") { &[b"0", b"0.0"] } else { &[b"1", b"1.0"] };
            if !usual.contains(&raw) {
                let reason = "the model takes no sampling";
                fit.losses.push(Loss::dropped(*member, reason));
            }
        }
    }
}

/// Takes a member out, or the part of it that speaks of thinking.
fn removed(body: &Document, member: &'static str) -> Vec<Edit> {
    let known = below(member);
    let object = body.get(member).and_then(object);
    let rest = object.as_ref().is_some_and(|object| {
        member == "chat_template_kwargs" && object.names().any(|name| !known.contains(&&*name))
    });
    match object.filter(|_| rest) {
        Some(object) => {
            let said = known.iter().filter(|name| object.count(name) > 0);
            said.map(|name| Edit::remove(NAME, member).at(*name)).collect()
        }
        None => vec![Edit::remove(NAME, member)],
    }
}

/// Gives a member its value. What else the client says in an object of that name stays; with
/// `instead`, but for what speaks of thinking.
fn merged(body: &Document, member: &'static str, value: &Value<'_>, instead: bool) -> Vec<Edit> {
    let inner = match value {
        Value::Raw(json) => return changed(body, member, json).into_iter().collect(),
        Value::Object(inner) => inner,
    };
    let Some(object) = body.get(member).and_then(object) else {
        let said = inner.iter().map(|(name, json)| format!("\"{name}\":{json}"));
        let json = format!("{{{}}}", said.collect::<Vec<_>>().join(","));
        return vec![Edit::set(NAME, member, json)];
    };
    let is_said = |name: &&&str| inner.iter().any(|(said, _)| said == *name);
    let stale = below(member).iter().filter(|name| instead && !is_said(name));
    let stale = stale.filter(|name| object.count(name) > 0);
    let mut edits: Vec<Edit> = stale.map(|name| Edit::remove(NAME, member).at(*name)).collect();
    let news = inner.iter().filter(|(name, json)| object.get(name) != Some(json.as_bytes()));
    edits.extend(
        news.map(|(name, json)| Edit::set(NAME, member, (*json).to_owned()).at(Step::from(*name))),
    );
    edits
}

fn changed(body: &Document, member: &'static str, json: &str) -> Option<Edit> {
    let is_same = body.get(member) == Some(json.as_bytes());
    (!is_same).then(|| Edit::set(NAME, member, json.to_owned()))
}

fn object(raw: &[u8]) -> Option<Document> {
    Document::parse(bytes::Bytes::copy_from_slice(raw)).ok()
}

fn below(member: &str) -> &'static [&'static str] {
    BELOW.iter().find(|(name, _)| *name == member).map_or(&[], |(_, below)| below)
}
