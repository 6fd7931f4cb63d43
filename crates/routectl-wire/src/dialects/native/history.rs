//! The thinking of earlier turns in a client's own body: what the host must not get is taken out,
//! what it wants elsewhere is moved there, and what it must have is put in. What is already as the
//! host wants it keeps its bytes, and so does everything around it.

use memchr::memmem;
use routectl_core::{Abilities, Block, Dialect, Form, Loss, Missing, Place, Reasoning, Seals};

use super::{details, parts, recall};
use crate::dialects::echo::{self, Lead, RECALLED, Recall, Told};
use crate::document::unquote;
use crate::formats::chat;
use crate::repair;
use crate::{Document, Edit, Fit, Step};

/// The name of these edits in the trace.
const NAME: &str = "history";

/// How the names of the members begin in which thinking comes back, and the kind of a part.
const SIGNS: [&[u8]; 4] = [b"\"reasoning", b"\"thinking_blocks\"", SIGNATURE, parts::KIND];

/// The member in which a call is signed. (facts: reasoning, section 2.18)
pub(super) const SIGNATURE: &[u8] = b"\"thought_signature\"";

/// The members in which thinking comes back.
const MEMBERS: [&str; 6] = [
    "reasoning_content",
    "reasoning",
    "reasoning_text",
    "reasoning_details",
    "thinking_blocks",
    "reasoning_opaque",
];

/// One message of the assistant.
struct Message<'a> {
    index: usize,
    said: &'a Document,
    turn: echo::Turn<'a>,
    /// The members in it that say thinking.
    present: Vec<&'static str>,
    /// The parts of its content that do. (facts: reasoning, section 2.16)
    parts: Vec<usize>,
}

/// Brings the history into the shape that the target wants.
pub(super) fn adapt(
    body: &Document,
    abilities: &Abilities,
    recall: Option<Recall<'_>>,
    fit: &mut Fit,
) {
    let dialect = &abilities.quirks.dialect;
    let may_say = |messages: &[u8]| SIGNS.iter().any(|it| memmem::find(messages, it).is_some());
    let heard = !dialect.hands_off || abilities.refused.silence;
    let demands = dialect.echo.missing != Missing::Nothing && heard;
    let takes_back = !dialect.hands_off && echo::is_welcome(&dialect.echo, abilities.history);
    let recall = recall.filter(|_| takes_back);
    let may_matter =
        |messages| may_say(messages) || (recall.is_some() && recall::could_lack(messages));
    if !demands && !body.get("messages").is_some_and(may_matter) {
        return;
    }
    let has_tools = body.list("tools").is_some_and(|tools| !tools.is_empty());
    for (index, raw) in body.list("messages").unwrap_or_default().into_iter().enumerate() {
        // What is no message is for the host to refuse.
        let Ok(said) = Document::parse(raw) else { continue };
        if said.text("role").is_none_or(|role| role != "assistant") {
            continue;
        }
        let place = Place::BODY.member("messages").index(index);
        let first = said.list("tool_calls").and_then(|calls| calls.into_iter().next());
        let call = first.map(id_of);
        let turn = echo::Turn { place, call: call.as_deref(), has_tools };
        let says = |name: &&str| said.get(name).is_some_and(|raw| raw != b"null");
        let present = MEMBERS.into_iter().filter(says).collect();
        let parts = parts::thinking(&said);
        Message { index, said: &said, turn, present, parts }.adapt(abilities, recall, fit);
    }
}

impl Message<'_> {
    fn adapt(&self, abilities: &Abilities, recall: Option<Recall<'_>>, fit: &mut Fit) {
        let (dialect, history) = (&abilities.quirks.dialect, abilities.history);
        if self.turn.call.is_some() && dialect.echo.form != Form::CallSeals {
            self.unsign(fit);
        }
        let recall = recall.filter(|_| self.present.is_empty());
        let recalled = recall.and_then(|recall| recall::left_out((self.index, self.said), recall));
        let is_silent = self.present.is_empty() && self.parts.is_empty() && recalled.is_none();
        if is_silent && !echo::is_needed(&dialect.echo, self.turn) {
            return;
        }
        let is_refused = self.says_refused(abilities);
        // A host that nothing is known of loses no more than what it has refused.
        if !is_refused && repair::is_all_that_is_heard(abilities) {
            return;
        }
        let welcome = !is_refused && echo::is_welcome(&dialect.echo, history);
        let takes_parts = welcome && dialect.echo.form == Form::Parts;
        if welcome && dialect.echo.form == Form::Details && self.keep_own(dialect, fit) {
            return self.leave_parts(fit);
        }
        let Some(blocks) = chat::thoughts(self.said, self.turn.place) else { return };
        let mut pieces: Vec<_> = blocks.iter().filter_map(piece).collect();
        let recalled = recalled.iter().flat_map(|thinking| thinking.iter());
        pieces.extend(recalled.map(|it| (Place::BODY.member(RECALLED), it)));
        // An empty text is a thought too, and not one that is lost.
        let blank = Reasoning::default();
        if pieces.is_empty() && self.present.iter().any(|name| self.said.text(name).is_some()) {
            pieces.push((self.turn.place, &blank));
        }
        let refused = |(_, it): &mut echo::Piece<'_>| repair::refuses(&abilities.refused.seals, it);
        let gone = pieces.extract_if(.., refused);
        fit.losses.extend(gone.map(|(it, _)| Loss::dropped(it.to_string(), repair::REASON)));
        let mut told = echo::told(&pieces, self.turn, dialect, history);
        let stays = |name: &&'static str| welcome && self.stays(name, &pieces, &told, dialect);
        let staying: Vec<&'static str> = self.present.iter().copied().filter(stays).collect();
        self.fill_up(&staying, dialect, &mut told);
        for member in &self.present {
            let is_told = told.members.iter().any(|(name, _)| name == member);
            if !is_told && !staying.contains(member) {
                fit.edits.push(self.remove(member));
            }
        }
        for (member, json) in &told.members {
            if !staying.contains(member) {
                fit.edits.push(self.set(member, json.clone()));
            }
        }
        match &told.lead {
            Some(lead) => fit.edits.extend(self.lead(lead)),
            None if !takes_parts => self.leave_parts(fit),
            None => {}
        }
        if self.turn.call.is_some() && dialect.echo.form == Form::CallSeals {
            self.sign(&mut told, dialect, fit);
        }
        fit.losses.append(&mut told.losses);
        fit.losses.retain(|loss| loss.path != RECALLED);
    }

    /// Whether thinking is among it that this very host has refused.
    fn says_refused(&self, abilities: &Abilities) -> bool {
        let seals = &abilities.refused.seals;
        let blocks = || chat::thoughts(self.said, self.turn.place).unwrap_or_default();
        *seals != Seals::None
            && blocks().iter().filter_map(piece).any(|(_, it)| repair::refuses(seals, it))
    }

    /// Leaves the pieces that the model made itself as they are, and takes out the others, for a
    /// model that reads seals. Whether there are any of its own.
    fn keep_own(&self, dialect: &Dialect, fit: &mut Fit) -> bool {
        const MEMBER: &str = "reasoning_details";
        let list = self.said.list(MEMBER).unwrap_or_default();
        let own = (!dialect.seals.is_empty()).then(|| details::foreign(&list, dialect.seals));
        let Some((foreign, spared)) = own.flatten() else { return false };
        let place = self.turn.place.member(MEMBER);
        for index in foreign {
            fit.edits.push(self.remove(MEMBER).at(index));
            if !spared {
                let reason = "the model takes no thinking but its own";
                fit.losses.push(Loss::dropped(place.index(index).to_string(), reason));
            }
        }
        let stays = |member: &&&str| **member == MEMBER || dialect.echo.beside.contains(*member);
        let others = self.present.iter().filter(|member| !stays(member));
        fit.edits.extend(others.map(|member| self.remove(member)));
        true
    }

    /// Whether a member is as the host wants it, or as it does not mind.
    fn stays(
        &self,
        name: &'static str,
        pieces: &[echo::Piece<'_>],
        told: &Told,
        dialect: &Dialect,
    ) -> bool {
        let is_told = told.members.iter().any(|(member, _)| *member == name);
        match dialect.echo.form {
            Form::Text(members) => members.contains(&name) && self.said.text(name).is_some(),
            Form::Details if name == "reasoning_details" => {
                let stood_here = |place: Place| place.to_string().contains(".reasoning_details[");
                let is_blank = pieces.is_empty() && dialect.echo.missing != Missing::Blank;
                is_told
                    && !is_blank
                    && pieces
                        .iter()
                        .all(|(place, piece)| stood_here(*place) && is_readable(piece, dialect))
            }
            // Text without a seal is nothing to a model that seals.
            Form::Details => dialect.echo.beside.contains(&name) && dialect.seals.is_empty(),
            Form::Opaque => is_told && self.said.text(name).is_some(),
            Form::Parts | Form::Tags | Form::CallSeals => dialect.echo.beside.contains(&name),
        }
    }

    /// Where the host reads a text in several members, all say what the first of the client's does.
    fn fill_up(&self, staying: &[&'static str], dialect: &Dialect, told: &mut Told) {
        let Form::Text(members) = dialect.echo.form else { return };
        let Some(raw) = staying.iter().find_map(|name| self.said.get(name)) else { return };
        let raw = String::from_utf8_lossy(raw).into_owned();
        told.members = members.iter().map(|member| (*member, raw.clone())).collect();
    }

    /// Thinking that goes before the text of the message, unless it is there already.
    fn lead(&self, lead: &Lead) -> Option<Edit> {
        let content = self.said.get("content").unwrap_or(b"null");
        if let Some(text) = unquote(content) {
            let is_there = matches!(lead, Lead::Tagged(_)) && begins_with_thinking(&text);
            return (!is_there).then(|| self.set("content", lead.content(&text)));
        }
        let Some(parts) = self.said.list("content") else {
            return Some(self.set("content", lead.content("")));
        };
        let is_tagged = |part: &bytes::Bytes| {
            let part = Document::parse(part.clone()).ok();
            let text = part.as_ref().and_then(|part| part.text("text"));
            text.is_some_and(|text| begins_with_thinking(&text))
        };
        let stays = matches!(lead, Lead::Part(_)) && !self.parts.is_empty();
        if stays || parts.iter().any(is_tagged) {
            return None;
        }
        let parts = parts.iter().enumerate().filter(|(at, _)| !self.parts.contains(at));
        let parts = parts.map(|(_, part)| String::from_utf8_lossy(part).into_owned());
        let all: Vec<String> = std::iter::once(lead.part()).chain(parts).collect();
        Some(self.set("content", format!("[{}]", all.join(","))))
    }

    /// Takes the parts of the content out that are thinking.
    fn leave_parts(&self, fit: &mut Fit) {
        let nothing = if self.turn.call.is_some() { "null" } else { "\"\"" };
        if parts::are_all(&self.parts, self.said) {
            return fit.edits.push(self.set("content", nothing.to_owned()));
        }
        fit.edits.extend(self.parts.iter().map(|at| self.remove("content").at(*at)));
    }

    /// Takes the signatures of calls away that another vendor's model gave them.
    fn unsign(&self, fit: &mut Fit) {
        for (index, call) in self.said.list("tool_calls").into_iter().flatten().enumerate() {
            if memmem::find(&call, SIGNATURE).is_none() {
                continue;
            }
            let signs = |extra: &[u8]| memmem::find(extra, SIGNATURE).is_some();
            let signed = Document::parse(call).ok();
            if signed.is_some_and(|call| call.get("extra_content").is_some_and(signs)) {
                let edit = Edit::remove(NAME, "messages").at(self.index).at("tool_calls");
                fit.edits.push(edit.at(index).at("extra_content"));
                let path = format!("tool_calls[{index}].extra_content");
                let reason = "only its minter reads it";
                fit.losses.push(Loss::dropped(self.turn.place.path(&path), reason));
            }
        }
    }

    /// Gives calls the signatures that stand elsewhere, and the first one, where it has lost its
    /// own, the vendor's word for that. (facts: reasoning, section 2.18)
    fn sign(&self, told: &mut Told, dialect: &Dialect, fit: &mut Fit) {
        let calls = self.said.list("tool_calls").unwrap_or_default();
        for (index, call) in calls.into_iter().enumerate() {
            let Ok(call) = Document::parse(call) else { continue };
            let id = call.text("id").unwrap_or_default();
            let own = told.signatures.iter().position(|signature| signature.call == id);
            let own = own.map(|at| told.signatures.remove(at));
            let says = |extra: &[u8]| memmem::find(extra, SIGNATURE).is_some();
            if call.get("extra_content").is_some_and(says) {
                continue;
            }
            let blob = match (own, dialect.echo.missing) {
                (Some(signature), _) => signature.blob,
                (None, Missing::Sentinel(word)) if index == 0 => {
                    let path = self.turn.place.path("tool_calls[0].extra_content");
                    fit.losses.push(Loss::emulated(path, echo::UNSIGNED));
                    word.to_owned()
                }
                (
                    None,
                    Missing::Sentinel(_) | Missing::Nothing | Missing::Blank | Missing::Words(_),
                ) => {
                    continue;
                }
            };
            let extra = format!("{{\"google\":{{\"thought_signature\":{}}}}}", echo::raw(&blob));
            fit.edits.push(self.set("tool_calls", extra).at(index).at("extra_content"));
        }
        let reason = "the call that was signed is not in this turn";
        let stray = told.signatures.drain(..);
        fit.losses.extend(stray.map(|stray| Loss::dropped(stray.place.to_string(), reason)));
    }

    fn remove(&self, member: &'static str) -> Edit {
        Edit::remove(NAME, "messages").at(self.index).at(member)
    }

    fn set(&self, member: &'static str, json: String) -> Edit {
        Edit::set(NAME, "messages", json).at(self.index).at(Step::from(member))
    }
}

/// The id of a call; empty where it has none.
fn id_of(call: bytes::Bytes) -> String {
    let call = Document::parse(call).ok();
    call.and_then(|call| call.text("id").map(std::borrow::Cow::into_owned)).unwrap_or_default()
}

/// Whether a text begins with thinking between tags.
fn begins_with_thinking(text: &str) -> bool {
    ["<think", "<thought", "[THINK]"].iter().any(|tag| text.trim_start().starts_with(tag))
}

fn piece(block: &Block) -> Option<echo::Piece<'_>> {
    Some((block.place, block.as_reasoning()?))
}

/// Whether a piece can go back as it is.
fn is_readable(piece: &Reasoning, dialect: &Dialect) -> bool {
    match &piece.seal {
        Some(seal) => dialect.seals.contains(&seal.family.as_str()),
        None => dialect.seals.is_empty(),
    }
}
