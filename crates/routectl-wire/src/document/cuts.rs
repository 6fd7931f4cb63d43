//! From edits to the stretches of a body that they replace. Whoever holds what is changed is
//! looked into once, however many edits lead there.

use bytes::Bytes;

use super::splice::{Change, Edit, Step};
use super::{Document, Member, Span, key_is, quote, scan};

/// A stretch of the original that something else takes the place of.
pub(super) struct Cut {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) with: Bytes,
}

/// An edit on its way down: the next step, and those behind it.
#[derive(Clone, Copy)]
struct Task<'e> {
    step: Next<'e>,
    rest: &'e [Step],
    change: &'e Change,
}

#[derive(Clone, Copy)]
enum Next<'e> {
    Member(&'e str),
    Index(usize),
}

impl<'e> Task<'e> {
    fn of(edit: &'e Edit) -> Self {
        Self { step: Next::Member(&edit.member), rest: &edit.below, change: &edit.change }
    }

    /// The same edit, a step further down; `None` where this step leads to what is changed.
    fn further(self) -> Option<Self> {
        let (step, rest) = self.rest.split_first()?;
        let step = match step {
            Step::Member(name) => Next::Member(name),
            Step::Index(index) => Next::Index(*index),
        };
        Some(Self { step, rest, ..self })
    }
}

/// Edits that lead into a value, with where that value starts.
type Deeper<'e> = Vec<(u32, Task<'e>)>;

/// The cuts of these edits.
pub(super) fn of(document: &Document, edits: &[Edit]) -> Vec<Cut> {
    let tasks: Vec<Task<'_>> = edits.iter().map(Task::of).collect();
    let bytes = &document.bytes;
    let start = memchr::memchr(b'{', bytes).map_or(0, |brace| brace + 1);
    let mut cuts = Vec::new();
    let deeper = in_object(bytes, (start, &document.members), &tasks, &mut cuts);
    below(bytes, deeper, &mut cuts);
    cuts
}

/// The cuts of edits that lead further down. Scanning was right for the whole, so what cannot be
/// read here is what an upstream would refuse; it stays as it is.
fn below(bytes: &[u8], mut deeper: Deeper<'_>, cuts: &mut Vec<Cut>) {
    deeper.sort_by_key(|(start, _)| *start);
    for group in deeper.chunk_by(|(one, _), (other, _)| one == other) {
        let Some((start, _)) = group.first() else { continue };
        let start = *start as usize;
        let tasks: Vec<Task<'_>> = group.iter().map(|(_, task)| *task).collect();
        let further = match bytes.get(start) {
            Some(b'{') => scan::object_at(bytes, start)
                .map(|members| in_object(bytes, (start + 1, &members), &tasks, cuts)),
            Some(b'[') => {
                scan::list_at(bytes, start).map(|spans| in_list(bytes, &spans, &tasks, cuts))
            }
            Some(_) | None => continue,
        };
        below(bytes, further.unwrap_or_default(), cuts);
    }
}

/// The cuts in one object, by what stands behind its brace and by its members.
fn in_object<'e>(
    bytes: &[u8],
    (start, members): (usize, &[Member]),
    tasks: &[Task<'e>],
    cuts: &mut Vec<Cut>,
) -> Deeper<'e> {
    let mut deeper = Deeper::new();
    let mut removed = vec![false; members.len()];
    let mut appended: Vec<(&str, &Bytes)> = Vec::new();
    for task in tasks {
        let Next::Member(name) = task.step else { continue };
        let is_named = |member: &Member| key_is(slice(bytes, member.key), name);
        // Which of doubled members counts is up to the parser: all of them are changed.
        let named = members.iter().filter(|member| is_named(member));
        match (task.further(), task.change) {
            (Some(further), _) => deeper.extend(named.map(|member| (member.value.0, further))),
            (None, Change::Remove) => {
                let marks = members.iter().zip(&mut removed);
                marks.for_each(|(member, gone)| *gone |= is_named(member));
            }
            (None, Change::Before(_)) => {}
            (None, Change::Set(value)) if !members.iter().any(is_named) => {
                appended.retain(|(member, _)| *member != name);
                appended.push((name, value));
            }
            (None, Change::Set(value)) => {
                cuts.extend(named.filter_map(|member| replacement(bytes, member.value, value)));
            }
        }
    }
    let spans: Vec<Span> = members.iter().map(|member| (member.key.0, member.value.1)).collect();
    cuts.extend(removals(&spans, &removed));
    let end = spans.last().map_or(start, |(_, end)| *end as usize);
    let any_kept = removed.iter().any(|gone| !gone);
    cuts.extend(appendix(end, any_kept, &appended));
    deeper
}

/// The cuts in one list.
fn in_list<'e>(
    bytes: &[u8],
    spans: &[Span],
    tasks: &[Task<'e>],
    cuts: &mut Vec<Cut>,
) -> Deeper<'e> {
    let mut deeper = Deeper::new();
    let mut removed = vec![false; spans.len()];
    for task in tasks {
        let Next::Index(index) = task.step else { continue };
        let (Some(span), Some(gone)) = (spans.get(index), removed.get_mut(index)) else { continue };
        match (task.further(), task.change) {
            (Some(further), _) => deeper.push((span.0, further)),
            (None, Change::Remove) => *gone = true,
            (None, Change::Set(value)) => cuts.extend(replacement(bytes, *span, value)),
            (None, Change::Before(values)) => {
                cuts.push(cut(span.0, span.0, [values, &b","[..]].concat().into()));
            }
        }
    }
    cuts.extend(removals(spans, &removed));
    deeper
}

fn slice(bytes: &[u8], (start, end): Span) -> &[u8] {
    bytes.get(start as usize..end as usize).unwrap_or_default()
}

fn replacement(bytes: &[u8], span: Span, value: &Bytes) -> Option<Cut> {
    (slice(bytes, span) != value).then(|| cut(span.0, span.1, value.clone()))
}

fn cut(from: u32, to: u32, with: Bytes) -> Cut {
    Cut { from: from as usize, to: to as usize, with }
}

/// One cut for each run of removed entries, with the comma that the run no longer needs.
fn removals(entries: &[Span], removed: &[bool]) -> Vec<Cut> {
    let mut cuts = Vec::new();
    let mut kept_end = None;
    let mut run: Option<Span> = None;
    for ((start, end), gone) in entries.iter().zip(removed) {
        if *gone {
            let start = run.map_or(*start, |(start, _)| start);
            run = Some((start, *end));
            continue;
        }
        if let Some((from, _)) = run.take() {
            cuts.push(cut(from, *start, Bytes::new()));
        }
        kept_end = Some(*end);
    }
    if let Some((start, end)) = run {
        cuts.push(cut(kept_end.unwrap_or(start), end, Bytes::new()));
    }
    cuts
}

/// New members, written behind the last one.
fn appendix(at: usize, any_kept: bool, appended: &[(&str, &Bytes)]) -> Option<Cut> {
    if appended.is_empty() {
        return None;
    }
    let mut text = Vec::new();
    for (number, (name, value)) in appended.iter().enumerate() {
        if any_kept || number > 0 {
            text.push(b',');
        }
        text.extend_from_slice(&quote(name));
        text.push(b':');
        text.extend_from_slice(value);
    }
    Some(Cut { from: at, to: at, with: text.into() })
}
