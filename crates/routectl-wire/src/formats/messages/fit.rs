//! What of a client's own Messages request a model of this format refuses though its client could
//! not know: Claude Code takes an unknown alias for a model of today and asks it for adaptive
//! thinking with an effort, whatever Claude is behind it. (facts: Anthropic Messages, section 16)
//!
//! Beside envelopes of ours only `thinking` and `output_config.effort` are touched, only where our
//! table knows that the model refuses what they say or where configuration has a limit of its own,
//! and `max_tokens` never.

use std::borrow::Cow;

use routectl_core::{Abilities, Effort, Loss};

use super::ends;
use super::envelopes::{self, Left};
use super::write::{LEAST, Target, most};
use crate::claude::{self, Thinking};
use crate::json::{self, Node};
use crate::{Document, Edit, Fit};

/// The name of these edits in the trace.
const NAME: &str = "thinking";

/// Why a loop of tools cannot go on with a budget.
const LOST: &str = "the thinking before the last tool call is not there";

/// What a request says of thinking, as far as it matters here.
struct Asked<'a> {
    body: &'a Document,
    kind: Option<Cow<'a, str>>,
    budget: Option<u64>,
    /// The effort as it is said so far.
    effort: Option<Effort>,
    /// The effort that a budget stands for, whether or not the model can be told it.
    wanted: Option<Effort>,
    /// The effort is all that `output_config` says.
    effort_alone: bool,
    /// What the last answer is without what was taken out.
    left: Left,
}

/// The changes that this model needs.
pub(super) fn fit(body: &Document, abilities: &Abilities) -> Fit {
    let target = Target::of(abilities);
    let (fit, left) = envelopes::taken_out(body, target);
    let asked = Asked { left, ..Asked::of(body) };
    let mut fitting = Fitting { target, asked, fit };
    if fitting.asked.kind.is_some() || fitting.asked.effort.is_some() {
        fitting.effort();
        fitting.thinking();
    }
    fitting.fit
}

impl<'a> Asked<'a> {
    fn of(body: &'a Document) -> Self {
        let (thinking, config) = (node(body, "thinking"), node(body, "output_config"));
        let text = |node: &Option<Node<'a>>, name| node.as_ref()?.member(name)?.text();
        let budget = thinking.as_ref().and_then(|it| it.member("budget_tokens")?.raw.parse().ok());
        let effort = text(&config, "effort").and_then(|word| Effort::named(&word));
        let members = config.as_ref().and_then(Node::object).unwrap_or_default();
        let effort_alone = members.iter().all(|(name, _)| name == "effort");
        let (kind, left) = (text(&thinking, "type"), Left::Other);
        Self { body, kind, budget, effort, wanted: effort, effort_alone, left }
    }

    /// Why thinking with a budget would be refused beside the rest of the request.
    fn forbids_budget(&self) -> Option<&'static str> {
        let choice = node(self.body, "tool_choice");
        let choice = choice.as_ref().and_then(|choice| choice.member("type")?.text());
        if choice.is_some_and(|choice| matches!(&*choice, "any" | "tool")) {
            return Some("a thinking budget excludes a forced tool");
        }
        if self.left == Left::CallsUnthinking {
            return Some(LOST);
        }
        match ends::last_answer(self.body) {
            ends::LastAnswer::Unfinished => {
                Some("an answer that has begun cannot be thought about")
            }
            ends::LastAnswer::CallsUnthinking => Some(LOST),
            ends::LastAnswer::Other => None,
        }
    }
}

/// A small member, read.
fn node<'a>(body: &'a Document, name: &str) -> Option<Node<'a>> {
    json::parse(std::str::from_utf8(body.get(name)?).ok()?).ok()
}

struct Fitting<'a> {
    target: Target<'a>,
    asked: Asked<'a>,
    fit: Fit,
}

impl Fitting<'_> {
    /// An effort that the model does not know, or that its operator does not want.
    fn effort(&mut self) {
        let Some(asked) = self.asked.effort else { return };
        let path = "output_config.effort";
        if !self.target.takes_effort() {
            self.say_effort(None);
            // With adaptive thinking it is told as a budget.
            if self.asked.kind.as_deref() != Some("adaptive") {
                self.fit.losses.push(Loss::dropped(path, "this model takes no effort"));
            }
            return;
        }
        let known = self.efforts();
        let given = asked.clamped(&known);
        if given != asked {
            self.say_effort(Some(given));
            let reason = "the nearest effort that this model takes";
            self.fit.losses.push(Loss::clamped(path, reason));
        }
    }

    /// A way to think that the model does not know.
    fn thinking(&mut self) {
        let Some(kind) = self.asked.kind.clone() else { return };
        let refused = self.target.abilities.refused.thinking;
        if refused && matches!(&*kind, "adaptive" | "enabled") {
            self.switch_off();
            return self.fit.losses.push(Loss::degraded("thinking", LOST));
        }
        let Some(takes) = self.target.known_thinking() else { return self.keep_budget() };
        let effort = self.asked.effort;
        match &*kind {
            "adaptive" if takes.adaptive.at(effort) => {}
            "adaptive" if takes.enabled.at(effort) => self.with_budget(),
            "enabled" if takes.enabled.at(effort) => {
                // A loop that began elsewhere, or a client that forgets: the vendor refuses it.
                if ends::last_answer(self.asked.body) == ends::LastAnswer::CallsUnthinking {
                    self.asked.left = Left::CallsUnthinking;
                }
                self.keep_budget();
            }
            "enabled" if takes.adaptive.at(effort) => self.as_it_sees_fit(),
            "adaptive" | "enabled" => {
                self.fit.edits.push(Edit::remove(NAME, "thinking"));
                self.fit.losses.push(Loss::dropped("thinking", "this model does not think"));
            }
            "disabled" if takes.disabled.at(effort) => {}
            "between_tools" if takes.between_tools.at(effort) => {}
            "disabled" | "between_tools" => self.little(takes),
            _ => {}
        }
    }

    /// A budget in the place of adaptive thinking.
    fn with_budget(&mut self) {
        // Adaptive thinking without a word of how much is thinking at `high`. (facts: Anthropic
        // Messages, section 6.2)
        let wanted = self.asked.wanted.unwrap_or(Effort::High).budget().max(LEAST);
        let cap = most(None, self.target, self.max_tokens());
        let lost = self.asked.forbids_budget();
        let lost = lost
            .or_else(|| (cap < LEAST).then_some("thinking does not fit into the limit of tokens"));
        if let Some(reason) = lost {
            self.switch_off();
            return self.fit.losses.push(Loss::degraded("thinking", reason));
        }
        let budget = wanted.min(cap);
        if budget != wanted {
            let reason = "the thinking budget of this model and this limit";
            self.fit.losses.push(Loss::clamped("thinking", reason));
        }
        self.fit.edits.push(Edit::set(NAME, "thinking", r#""enabled""#).at("type"));
        self.fit.edits.push(Edit::set(NAME, "thinking", budget.to_string()).at("budget_tokens"));
    }

    /// Adaptive thinking in the place of a budget.
    fn as_it_sees_fit(&mut self) {
        self.fit.edits.push(Edit::set(NAME, "thinking", r#""adaptive""#).at("type"));
        self.fit.edits.push(Edit::remove(NAME, "thinking").at("budget_tokens"));
        let reason = "this model takes an effort in place of a budget";
        self.fit.losses.push(Loss::degraded("thinking.budget_tokens", reason));
        if let (Some(budget), None) = (self.asked.budget, self.asked.effort)
            && self.target.takes_effort()
        {
            self.say_effort(Some(Effort::of_budget(budget).clamped(&self.efforts())));
        }
    }

    /// As little thinking as the model can be brought to.
    fn little(&mut self, takes: Thinking) {
        // Where much effort keeps a model from being told not to think, not to think counts.
        let calm = self.asked.effort.map(|effort| effort.min(Effort::High));
        let asked = self.asked.kind.clone().unwrap_or_default();
        let given = if asked == "between_tools" && takes.between_tools.at(calm) {
            "between_tools"
        } else if takes.disabled.at(calm) {
            "disabled"
        } else if takes.between_tools.at(calm) {
            "between_tools"
        } else if takes.adaptive.at(calm) {
            if self.target.takes_effort() {
                self.say_effort(Some(Effort::Low.clamped(&self.efforts())));
            }
            "adaptive"
        } else {
            return self.fit.edits.push(Edit::remove(NAME, "thinking"));
        };
        if given != "adaptive" && calm != self.asked.effort {
            self.say_effort(calm);
            let reason = "with more effort this model cannot be told not to think";
            self.fit.losses.push(Loss::clamped("output_config.effort", reason));
        }
        let reason = match given {
            _ if given == asked => return,
            "disabled" => "this model does not think between the calls of tools alone",
            "between_tools" => "this model still thinks between the calls of tools",
            _ => "this model always thinks; it is asked to think little",
        };
        self.fit.edits.push(Edit::set(NAME, "thinking", format!(r#"{{"type":"{given}"}}"#)));
        self.fit.losses.push(Loss::degraded("thinking", reason));
    }

    /// The client's budget, as far as the operator lets it, unless the thinking that has to stand
    /// before the last call was taken out.
    fn keep_budget(&mut self) {
        let Some(budget) = self.asked.budget else { return };
        if self.asked.left == Left::CallsUnthinking {
            self.switch_off();
            return self.fit.losses.push(Loss::degraded("thinking", LOST));
        }
        let cap = self.target.abilities.max_thinking_budget;
        if cap > 0 && budget > cap {
            let cap = cap.max(LEAST).to_string();
            self.fit.edits.push(Edit::set(NAME, "thinking", cap).at("budget_tokens"));
            let reason = "the thinking budget of this model";
            self.fit.losses.push(Loss::clamped("thinking.budget_tokens", reason));
        }
    }

    /// No thinking in this request. What clears thinking from the history goes with it, as it
    /// does in clients that switch thinking off. (facts: clients, section 2.3)
    fn switch_off(&mut self) {
        self.fit.edits.push(Edit::set(NAME, "thinking", r#"{"type":"disabled"}"#));
        let Some(management) = node(self.asked.body, "context_management") else { return };
        let edits = management.member("edits").and_then(Node::list).unwrap_or_default();
        let clears = |edit: &&Node<'_>| {
            edit.member("type")
                .and_then(Node::text)
                .is_some_and(|it| it == "clear_thinking_20251015")
        };
        if edits.iter().filter(clears).count() == edits.len() {
            return self.fit.edits.push(Edit::remove(NAME, "context_management"));
        }
        let removed = edits.iter().enumerate().filter(|(_, edit)| clears(edit));
        let remove = |(index, _)| Edit::remove(NAME, "context_management").at("edits").at(index);
        self.fit.edits.extend(removed.map(remove));
    }

    /// The efforts that may be said; empty is all. What configuration only supposes does not
    /// count against a client of the same format.
    fn efforts(&self) -> Vec<Effort> {
        let abilities = self.target.abilities;
        match claude::generation(&abilities.upstream) {
            Some(_) | None if abilities.efforts_named => self.target.efforts(),
            Some(generation) => generation.efforts.to_vec(),
            None => Vec::new(),
        }
    }

    fn say_effort(&mut self, effort: Option<Effort>) {
        self.fit.edits.retain(|edit| edit.member != "output_config");
        self.fit.edits.push(match effort {
            Some(effort) => {
                let word = format!("\"{}\"", effort.name());
                if self.asked.body.get("output_config").is_some() {
                    Edit::set(NAME, "output_config", word).at("effort")
                } else {
                    Edit::set(NAME, "output_config", format!("{{\"effort\":{word}}}"))
                }
            }
            None if self.asked.effort_alone => Edit::remove(NAME, "output_config"),
            None => Edit::remove(NAME, "output_config").at("effort"),
        });
        self.asked.effort = effort;
        self.asked.wanted = effort.or(self.asked.wanted);
    }

    /// What the answer is limited to; the provider fills it in where the client did not.
    fn max_tokens(&self) -> u64 {
        self.asked.body.number("max_tokens").unwrap_or_else(|| self.target.max_tokens())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::MESSAGES;

    const OLD: &str = "claude-sonnet-4-5";
    const NEW: &str = "claude-opus-5-5";

    fn abilities(upstream: &str) -> Abilities {
        Abilities { upstream: upstream.to_owned(), ..Abilities::default() }
    }

    fn document(members: &str) -> Document {
        let body =
            format!(r#"{{"model":"x", {members}"messages":[{{"role":"user","content":"hi"}}]}}"#);
        Document::parse(Bytes::from(body)).unwrap()
    }

    /// The members before `messages` as they are sent, and the losses.
    fn fitted(members: &str, abilities: &Abilities) -> String {
        let body = document(members);
        let fit = MESSAGES.fit(&body, abilities);
        let sent = body.spliced(&fit.edits).joined();
        let sent = String::from_utf8(sent.to_vec()).unwrap();
        let sent = sent.strip_prefix(r#"{"model":"x", "#).unwrap();
        let (before, behind) =
            sent.split_once(r#""messages":[{"role":"user","content":"hi"}]"#).unwrap();
        let losses =
            fit.losses.iter().map(|it| format!(" {} {}: {}", it.path, it.fate.name(), it.reason));
        let sent = format!("{before}{}", behind.strip_suffix('}').unwrap());
        sent.trim_end_matches(", ").to_owned() + &losses.collect::<String>()
    }

    #[test]
    fn what_a_model_takes_stays_as_it_is() {
        for (upstream, members) in [
            (OLD, r#""thinking":{"type":"enabled","budget_tokens":31999,"display":"omitted"}, "#),
            (OLD, r#""thinking":{"type":"disabled"}, "temperature":1, "#),
            (
                NEW,
                r#""thinking": {"type":"adaptive", "display":"updates"} ,"output_config":{"effort":"max"}, "#,
            ),
            ("claude-sonnet-4-6", r#""thinking":{"type":"enabled","budget_tokens":2000}, "#),
            ("claude-opus-4-5", r#""output_config":{"effort":"high","format":{}}, "#),
            // Of these nothing is known.
            ("glm-5", r#""thinking":{"type":"adaptive"}, "output_config":{"effort":"xhigh"}, "#),
            (OLD, r#""thinking":{"type":"somehow"}, "output_config":{"effort":"ultra"}, "#),
            (OLD, r#""thinking":"x", "output_config":[], "#),
            (OLD, ""),
        ] {
            let body = document(members);
            let fit = MESSAGES.fit(&body, &abilities(upstream));
            assert_eq!(fit, Fit::default(), "{upstream} {members}");
        }
    }

    /// The facts' case: an alias that its client does not know, with an older Claude behind it.
    #[test]
    fn an_older_claude_behind_an_alias_gets_a_budget() {
        for (upstream, members, sent) in [
            (
                OLD,
                r#""max_tokens":32000, "thinking":{"type":"adaptive","display":"omitted"}, "output_config":{"effort":"high"}, "#,
                r#""max_tokens":32000, "thinking":{"type":"enabled","display":"omitted","budget_tokens":24576}"#,
            ),
            (
                OLD,
                r#""max_tokens":32000, "thinking":{"type":"adaptive"}, "output_config":{"effort":"low", "format":{"a":1.0}}, "#,
                r#""max_tokens":32000, "thinking":{"type":"enabled","budget_tokens":1024}, "output_config":{"format":{"a":1.0}}"#,
            ),
            (
                "claude-opus-4-5",
                r#""max_tokens":32000, "thinking":{"type":"adaptive"}, "output_config":{"effort":"xhigh"}, "#,
                r#""max_tokens":32000, "thinking":{"type":"enabled","budget_tokens":24576}, "output_config":{"effort":"high"} output_config.effort clamped: the nearest effort that this model takes"#,
            ),
            (
                "claude-3-5-haiku-latest",
                r#""thinking":{"type":"adaptive"}, "#,
                "thinking dropped: this model does not think",
            ),
        ] {
            let given = fitted(members, &abilities(upstream));
            assert_eq!(given.trim_start(), sent, "{upstream} {members}");
        }
    }

    #[test]
    fn what_a_budget_does_not_go_with_switches_thinking_off_and_says_so() {
        const ASKS: &str = r#""thinking":{"type":"adaptive","display":"omitted"}"#;
        const OFF: &str = r#""thinking":{"type":"disabled"}"#;
        let call = |first: &str| {
            format!(
                r#"{{"role":"user","content":"go"}},{{"role":"assistant","content":[{first}{{"type":"tool_use","id":"a","name":"n","input":{{}}}}]}},{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"a"}}]}}"#
            )
        };
        let said = r#"{"role":"user","content":"hi"}"#.to_owned();
        let begun =
            r#"{"role":"user","content":"hi"},{"role":"assistant","content":"Well"}"#.to_owned();
        let lost = "thinking degraded: the thinking before the last tool call is not there";
        let thought = r#"{"type":"thinking","thinking":"","signature":"E"},"#;
        for (members, messages, expected, loss) in [
            ("", call(""), OFF, lost),
            ("", call(r#"{"type":"text","text":"I look"},"#), OFF, lost),
            ("", call(thought), r#""enabled""#, ""),
            ("", begun, OFF, "thinking degraded: an answer that has begun cannot be thought about"),
            (
                r#","tool_choice":{"type":"any"}"#,
                said.clone(),
                OFF,
                "thinking degraded: a thinking budget excludes a forced tool",
            ),
            (
                r#","max_tokens":1500"#,
                said.clone(),
                r#""budget_tokens":1024"#,
                "thinking clamped: the thinking budget of this model and this limit",
            ),
            (
                r#","max_tokens":1024"#,
                said,
                OFF,
                "thinking degraded: thinking does not fit into the limit of tokens",
            ),
        ] {
            let body = format!(r#"{{{ASKS}{members},"messages":[{messages}]}}"#);
            let body = Document::parse(Bytes::from(body)).unwrap();
            let fit = MESSAGES.fit(&body, &abilities(OLD));
            let sent = String::from_utf8(body.spliced(&fit.edits).joined().to_vec()).unwrap();
            assert!(sent.contains(expected), "{sent}");
            let losses = fit
                .losses
                .iter()
                .map(|it| format!("{} {}: {}", it.path, it.fate.name(), it.reason));
            assert_eq!(losses.collect::<Vec<_>>().join("; "), loss, "{sent}");
        }
    }

    #[test]
    fn what_clears_thinking_goes_with_the_thinking() {
        let clear = r#"{"type":"clear_thinking_20251015","keep":"all"}"#;
        let tools = r#"{"type":"clear_tool_uses_20250919"}"#;
        for (edits, left) in [
            (clear.to_owned(), String::new()),
            (format!("{clear},{tools}"), format!(r#","context_management":{{"edits":[{tools}]}}"#)),
        ] {
            let body = format!(
                r#"{{"max_tokens":9,"thinking":{{"type":"adaptive"}},"context_management":{{"edits":[{edits}]}},"messages":[]}}"#
            );
            let body = Document::parse(Bytes::from(body)).unwrap();
            let sent = body.spliced(&MESSAGES.fit(&body, &abilities(OLD)).edits).joined();
            let expected = format!(
                r#"{{"max_tokens":9,"thinking":{{"type":"disabled"}}{left},"messages":[]}}"#
            );
            assert_eq!(sent, expected);
        }
    }

    #[test]
    fn a_newer_claude_behind_an_older_name_thinks_as_it_sees_fit() {
        let in_place =
            "thinking.budget_tokens degraded: this model takes an effort in place of a budget";
        let always = "thinking degraded: this model always thinks; it is asked to think little";
        let between = "thinking degraded: this model still thinks between the calls of tools";
        for (upstream, members, sent) in [
            (
                NEW,
                r#""thinking":{"type":"enabled","budget_tokens":31999,"display":"omitted"}, "#,
                format!(r#""thinking":{{"type":"adaptive","display":"omitted"}}, ,"output_config":{{"effort":"xhigh"}} {in_place}"#),
            ),
            (
                NEW,
                r#""thinking":{"budget_tokens":2000,"type":"enabled"}, "output_config":{"effort":"high"}, "#,
                format!(r#""thinking":{{"type":"adaptive"}}, "output_config":{{"effort":"high"}} {in_place}"#),
            ),
            (
                NEW,
                r#""thinking":{"type":"disabled"}, "output_config":{"effort":"max"}, "#,
                format!(r#""thinking":{{"type":"adaptive"}}, "output_config":{{"effort":"low"}} {always}"#),
            ),
            (
                "claude-mythos-preview",
                r#""thinking":{"type":"disabled"}, "output_config":{"effort":"xhigh"}, "#,
                format!(
                    r#""thinking":{{"type":"adaptive"}}, "output_config":{{"effort":"low"}} output_config.effort clamped: the nearest effort that this model takes {always}"#
                ),
            ),
            (
                "claude-sonnet-5-5",
                r#""thinking":{"type":"disabled"}, "#,
                format!(r#""thinking":{{"type":"between_tools"}} {between}"#),
            ),
            (
                "claude-opus-5",
                r#""thinking":{"type":"disabled"}, "output_config":{"effort":"max"}, "#,
                r#""thinking":{"type":"disabled"}, "output_config":{"effort":"high"} output_config.effort clamped: with more effort this model cannot be told not to think"#.to_owned(),
            ),
            (
                "claude-sonnet-4-6",
                r#""output_config":{"effort":"xhigh"}, "#,
                r#""output_config":{"effort":"high"} output_config.effort clamped: the nearest effort that this model takes"#.to_owned(),
            ),
        ] {
            assert_eq!(fitted(members, &abilities(upstream)), sent, "{upstream} {members}");
        }
    }

    #[test]
    fn an_operators_limits_hold_where_they_are_written_down() {
        let efforts = vec![Effort::Low, Effort::Medium];
        let silent = Abilities { efforts, ..abilities("glm-5") };
        let named = Abilities { efforts_named: true, max_thinking_budget: 4_000, ..silent.clone() };
        let members = r#""thinking":{"type":"enabled","budget_tokens":9000}, "output_config":{"effort":"max"}, "#;
        assert_eq!(MESSAGES.fit(&document(members), &silent), Fit::default());
        assert_eq!(
            fitted(members, &named),
            r#""thinking":{"type":"enabled","budget_tokens":4000}, "output_config":{"effort":"medium"} output_config.effort clamped: the nearest effort that this model takes thinking.budget_tokens clamped: the thinking budget of this model"#
        );
    }

    proptest! {
        /// Whatever a client of Claude's asks of thinking, the emulated rules of the model's
        /// generation let it pass, and its limit of tokens stays.
        #[test]
        fn a_known_model_is_asked_for_nothing_that_it_refuses(
            upstream in prop::sample::select(vec![
                "claude-3-7-sonnet", "claude-haiku-4-5", "claude-opus-4-5", "claude-sonnet-4-6",
                "claude-opus-4-7", "claude-opus-5", "claude-sonnet-5-5", "claude-haiku-5-5",
                "claude-mythos-preview", "claude-fable-5-2",
            ]),
            kind in prop::sample::select(vec!["adaptive", "enabled", "disabled", "between_tools"]),
            effort in prop::option::of(prop::sample::select(Effort::ALL.to_vec())),
            max_tokens in prop::sample::select(vec![64_u64, 1_024, 1_500, 8_000, 64_000]),
        ) {
            let budget = if kind == "enabled" { r#","budget_tokens":1024"# } else { "" };
            let effort = effort.map_or_else(String::new, |it| format!(r#""output_config":{{"effort":"{}"}},"#, it.name()));
            let body = document(&format!(r#""max_tokens":{max_tokens},{effort}"thinking":{{"type":"{kind}"{budget}}}, "#));
            let fit = MESSAGES.fit(&body, &abilities(upstream));
            let sent = Document::parse(body.spliced(&fit.edits).joined()).unwrap();
            let asked = Asked::of(&sent);
            let generation = claude::generation(upstream).unwrap();
            let takes = generation.thinking;
            let taken = match asked.kind.as_deref() {
                None => true,
                Some("adaptive") => takes.adaptive.at(asked.effort),
                Some("enabled") => takes.enabled.at(asked.effort),
                Some("disabled") => takes.disabled.at(asked.effort),
                _ => takes.between_tools.at(asked.effort),
            };
            prop_assert!(taken, "{sent:?}");
            prop_assert!(asked.effort.is_none_or(|effort| generation.efforts.contains(&effort)));
            prop_assert_eq!(asked.budget.is_some(), asked.kind.as_deref() == Some("enabled"));
            prop_assert_eq!(sent.number("max_tokens"), Some(max_tokens));
        }
    }
}
