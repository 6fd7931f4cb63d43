//! A tool's schema as `input_schema`: an object at the top, and no alternatives there.
//! What is fine keeps its bytes. (facts: translation, section 4.2)

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::json::{Node, Object, Value, paired, parse};

/// What a tool takes that takes nothing.
pub(super) const NOTHING: &str = r#"{"type":"object","properties":{}}"#;

/// Most alternatives that are merged; more are told as they are.
const MOST_MERGED: usize = 64;

const ALTERNATIVES: [&str; 3] = ["anyOf", "oneOf", "allOf"];

/// A schema that the host takes.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Arguments<'a> {
    pub(in super::super) json: Cow<'a, str>,
    /// What the schema no longer says, for the tool's description.
    pub(in super::super) note: Option<String>,
    pub(in super::super) loss: Option<&'static str>,
}

impl<'a> Arguments<'a> {
    fn fine(json: &'a str) -> Self {
        Self { json: paired(json), note: None, loss: None }
    }
}

/// The schema of a tool's arguments.
pub(in super::super) fn arguments(schema: Option<&str>) -> Arguments<'_> {
    let Some(schema) = schema else { return Arguments::fine(NOTHING) };
    let Ok(node) = parse(schema) else { return no_schema() };
    match &node.value {
        Value::Null => Arguments::fine(NOTHING),
        Value::Object(members) if members.is_empty() => Arguments::fine(NOTHING),
        Value::Object(_) => of_object(schema, &node),
        Value::Bool(_) | Value::Number | Value::Text | Value::List(_) => no_schema(),
    }
}

fn no_schema() -> Arguments<'static> {
    Arguments { loss: Some("this is no schema of an object"), ..Arguments::fine(NOTHING) }
}

fn of_object<'a>(schema: &'a str, node: &Node<'a>) -> Arguments<'a> {
    let says_object = node.member("type").is_some_and(is_object);
    let alternatives = ALTERNATIVES.iter().any(|name| node.member(name).is_some());
    if says_object && !alternatives {
        return Arguments::fine(schema);
    }
    let merged = if alternatives { Merged::of(node) } else { Some(Merged::default()) };
    let loss = if alternatives {
        Some("the host knows no alternatives at the top of a schema")
    } else {
        // Arguments are objects, whether the schema says so or not.
        let other = node.member("type").is_some_and(|kind| !kind.is_null());
        other.then_some("the arguments of a tool are always an object")
    };
    let note = if let Some(merged) = &merged { merged.note() } else { Some(told(node)) };
    let json = rewritten(node, merged.unwrap_or_default());
    Arguments { json: Cow::Owned(paired(&json).into_owned()), note, loss }
}

fn is_object(kind: &Node<'_>) -> bool {
    kind.text().is_some_and(|kind| kind == "object")
}

/// The alternatives as they were, for the model to heed.
fn told(node: &Node<'_>) -> String {
    let mut out = Vec::new();
    {
        let mut object = Object::new(&mut out);
        for (name, value) in node.object().unwrap_or_default() {
            if ALTERNATIVES.contains(&name.as_ref()) {
                object.raw(name, value.raw);
            }
        }
    }
    let json = String::from_utf8(out).unwrap_or_default();
    format!("The input must also match this JSON schema: {json}")
}

/// The schema without alternatives, with what they have in common. Members keep their order.
fn rewritten(node: &Node<'_>, merged: Merged<'_>) -> String {
    let mut properties = Properties::default();
    properties.add(node);
    merged.properties.named.into_iter().for_each(|(name, raws)| properties.extend(name, raws));
    let mut names = required(node);
    names.extend(merged.required);
    let mut out = Vec::new();
    {
        let mut object = Object::new(&mut out);
        if node.member("type").is_none() {
            object.text("type", "object");
        }
        for (name, value) in node.object().unwrap_or_default() {
            match name.as_ref() {
                "type" => object.text("type", "object"),
                "properties" => std::mem::take(&mut properties).write(&mut object),
                "required" => write_required(&std::mem::take(&mut names), &mut object),
                name if ALTERNATIVES.contains(&name) => {}
                name => object.raw(name, value.raw),
            }
        }
        properties.write(&mut object);
        write_required(&names, &mut object);
    }
    String::from_utf8(out).unwrap_or_default()
}

/// Writes the names of what is required, each once.
fn write_required(names: &[Cow<'_, str>], out: &mut Object<'_>) {
    if names.is_empty() {
        return;
    }
    let mut list = out.list("required");
    let mut written = HashSet::new();
    for name in names.iter().filter(|name| written.insert(*name)) {
        list.text(name);
    }
}

/// What the alternatives of a schema add to it.
#[derive(Debug, Default)]
struct Merged<'a> {
    properties: Properties<'a>,
    /// What all of them require.
    required: Vec<Cow<'a, str>>,
    /// What each of several requires beyond that.
    sets: Vec<Vec<Cow<'a, str>>>,
}

impl<'a> Merged<'a> {
    /// The alternatives, if each is an object of its own and none has further ones.
    fn of(node: &Node<'a>) -> Option<Self> {
        let mut merged = Self::default();
        for name in ALTERNATIVES {
            let Some(list) = node.member(name) else { continue };
            let list = list.list().filter(|list| list.len() <= MOST_MERGED)?;
            let variants = list.iter().map(|variant| resolved(variant, node));
            let variants: Vec<&Node<'a>> = variants.collect::<Option<_>>()?;
            for variant in &variants {
                merged.properties.add(variant);
            }
            let sets: Vec<_> = variants.iter().map(|variant| required(variant)).collect();
            if name == "allOf" {
                merged.required.extend(sets.into_iter().flatten());
                continue;
            }
            let common = common(&sets);
            if sets.iter().any(|set| set.len() > common.len()) {
                merged.sets.extend(sets);
            }
            merged.required.extend(common);
        }
        Some(merged)
    }

    fn note(&self) -> Option<String> {
        let sets = self.sets.iter().map(|set| format!("({})", set.join(", ")));
        let sets = sets.collect::<Vec<_>>().join(" or ");
        (!sets.is_empty()).then(|| format!("The input must have the members {sets}."))
    }
}

/// What all sets hold.
fn common<'a>(sets: &[Vec<Cow<'a, str>>]) -> Vec<Cow<'a, str>> {
    let Some((first, others)) = sets.split_first() else { return Vec::new() };
    let others: Vec<HashSet<_>> = others.iter().map(|set| set.iter().collect()).collect();
    let in_all = |name: &&Cow<'a, str>| others.iter().all(|other| other.contains(*name));
    first.iter().filter(in_all).cloned().collect()
}

/// An alternative, behind its reference, if it is a plain object.
fn resolved<'n, 'a>(variant: &'n Node<'a>, root: &'n Node<'a>) -> Option<&'n Node<'a>> {
    let variant = match variant.member("$ref").and_then(Node::text) {
        None => variant,
        Some(reference) => {
            let (place, name) = reference.strip_prefix("#/")?.split_once('/')?;
            root.member(place)?.member(name)?
        }
    };
    let nested = ALTERNATIVES.iter().any(|name| variant.member(name).is_some());
    let further = variant.member("$ref").is_some();
    let kind = variant.member("type").is_none_or(is_object);
    (variant.object().is_some() && kind && !nested && !further).then_some(variant)
}

fn required<'a>(node: &Node<'a>) -> Vec<Cow<'a, str>> {
    let names = node.member("required").and_then(Node::list).unwrap_or_default();
    names.iter().filter_map(Node::text).collect()
}

/// Properties by name, in order; one may have several schemas.
#[derive(Debug, Default)]
struct Properties<'a> {
    named: Vec<(Cow<'a, str>, Vec<&'a str>)>,
    /// Where each name stands in `named`.
    places: HashMap<Cow<'a, str>, usize>,
}

impl<'a> Properties<'a> {
    fn add(&mut self, node: &Node<'a>) {
        let members = node.member("properties").and_then(Node::object).unwrap_or_default();
        for (name, schema) in members {
            self.extend(name.clone(), vec![schema.raw]);
        }
    }

    fn extend(&mut self, name: Cow<'a, str>, raws: Vec<&'a str>) {
        let place = *self.places.entry(name).or_insert_with_key(|name| {
            self.named.push((name.clone(), Vec::new()));
            self.named.len() - 1
        });
        let Some((_, known)) = self.named.get_mut(place) else { return };
        for raw in raws {
            if known.len() <= MOST_MERGED && !known.contains(&raw) {
                known.push(raw);
            }
        }
    }

    fn write(self, out: &mut Object<'_>) {
        if self.named.is_empty() {
            return;
        }
        let mut out = out.object("properties");
        for (name, raws) in &self.named {
            if let [only] = raws.as_slice() {
                out.raw(name, only);
            } else {
                let mut one = out.object(name);
                let mut any = one.list("anyOf");
                raws.iter().for_each(|raw| any.raw(raw));
            }
        }
    }
}
