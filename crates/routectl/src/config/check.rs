//! What a schema cannot say: whether the parts of a file fit each other. It looks at the file as
//! it was read, so that it finds its faults also in a file with others; what has the wrong shape
//! is passed over here, since `shape` tells of it.

mod not_yet;

use routectl_policy::{FaultKind, Model, RouteFault, Routes, TargetId, nearest};
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Findings, Path};
use super::load::Flags;
use super::rules::{dropped_extra, is_never_forwarded};
use super::schema::Dialect;

/// Body fields that routectl always sends to Bedrock.
const ALWAYS_SENT: [&str; 3] = ["anthropic_version", "messages", "max_tokens"];

/// Kinds that are read and checked, and not served yet.
const NOT_SERVED: [&str; 1] = ["openai-responses"];

/// Checks the whole file.
pub(super) fn check(file: &DeTable<'_>, flags: Flags, findings: &mut Findings) {
    let mut check = Check { file: Node::root(file), flags, findings };
    check.server();
    check.providers();
    check.models();
    check.aliases();
    check.retry();
    check.bedrock();
    check.not_yet();
}

/// A table of the file and the way to it.
struct Node<'t, 'i> {
    table: Option<&'t DeTable<'i>>,
    path: Path,
}

/// A key, its place and its value.
struct Entry<'t, 'i> {
    key: &'t str,
    at: usize,
    path: Path,
    value: &'t DeValue<'i>,
}

impl<'t, 'i> Node<'t, 'i> {
    fn root(table: &'t DeTable<'i>) -> Self {
        Self { table: Some(table), path: Path::default() }
    }

    fn entries(&self) -> impl Iterator<Item = Entry<'t, 'i>> + use<'t, 'i> {
        let path = self.path.clone();
        self.table.into_iter().flatten().map(move |(key, value)| Entry {
            key: key.get_ref(),
            at: key.span().start,
            path: path.key(key.get_ref()),
            value: value.get_ref(),
        })
    }

    fn entry(&self, key: &str) -> Option<Entry<'t, 'i>> {
        self.entries().find(|entry| entry.key == key)
    }

    /// The table under this key; an empty one if there is none.
    fn table(&self, key: &str) -> Self {
        let table = self.entry(key).and_then(|entry| entry.value.as_table());
        Self { table, path: self.path.key(key) }
    }

    fn text(&self, key: &str) -> Option<&'t str> {
        self.entry(key).and_then(|entry| entry.value.as_str())
    }
}

impl<'t, 'i> Entry<'t, 'i> {
    fn node(&self) -> Node<'t, 'i> {
        Node { table: self.value.as_table(), path: self.path.clone() }
    }

    /// The strings of a list, with their indices.
    fn strings(&self) -> impl Iterator<Item = (usize, usize, &'t str)> + use<'t, 'i> {
        let items = self.value.as_array().into_iter().flatten().enumerate();
        items.filter_map(|(index, item)| {
            item.get_ref().as_str().map(|text| (index, item.span().start, text))
        })
    }
}

struct Check<'t, 'i, 'f> {
    file: Node<'t, 'i>,
    flags: Flags,
    findings: &'f mut Findings,
}

impl Check<'_, '_, '_> {
    fn server(&mut self) {
        let server = self.file.table("server");
        let Some(host) = server.entry("host") else { return };
        let Some(address) = host.value.as_str().and_then(|text| text.parse().ok()) else { return };
        let address: std::net::IpAddr = address;
        if address.to_canonical().is_loopback() {
            return;
        }
        let auth = server.table("auth");
        let has_tokens = auth.entry("tokens").is_some_and(|tokens| tokens.strings().count() > 0);
        if !self.flags.unsafe_public {
            let message = format!(
                "{address} lets other machines use your keys. Bind 127.0.0.1, or start with \
                 --unsafe-public and set server.auth.tokens."
            );
            self.findings.error(host.at, &host.path, message);
        }
        if self.flags.unsafe_public && !has_tokens {
            let message = format!(
                "{address} lets anyone in. Set server.auth.tokens, e.g. \
                 tokens = [\"env://ROUTECTL_TOKEN\"]."
            );
            self.findings.absence(host.at, &host.path, message);
        }
    }

    fn providers(&mut self) {
        for provider in self.file.table("providers").entries() {
            let node = provider.node();
            self.header_extras(&node);
            self.forwarded(&node);
            self.login(&node);
            if let Some(kind) = node.text("kind").filter(|kind| NOT_SERVED.contains(kind)) {
                let message = format!("kind {kind:?} is not served yet; its models are skipped.");
                self.findings.notice(provider.at, &provider.path, message);
            }
        }
    }

    fn header_extras(&mut self, node: &Node<'_, '_>) {
        for header in node.table("header_extras").entries() {
            if let Some(why) = dropped_extra(header.key) {
                self.findings.notice(header.at, &header.path, why);
            }
        }
    }

    fn forwarded(&mut self, node: &Node<'_, '_>) {
        let Some(list) = node.entry("forward_client_headers") else { return };
        for (index, at, name) in list.strings().filter(|(_, _, name)| is_never_forwarded(name)) {
            let message = format!("{name:?} never passes through; it is dropped. Remove it.");
            self.findings.notice(at, &list.path.index(index), message);
        }
    }

    /// Without a reference of its own a bearer comes from a login.
    fn login(&mut self, node: &Node<'_, '_>) {
        let Some(auth) = node.entry("auth_kind") else { return };
        if auth.value.as_str() == Some("oauth-bearer") && node.entry("api_key_ref").is_none() {
            let message = "logins are not served yet, and without api_key_ref this is one. Set \
                           api_key_ref to env://VAR or file:///abs/path.";
            self.findings.notice(auth.at, &auth.path, message);
        }
    }

    fn models(&mut self) {
        let providers = self.file.table("providers");
        let names: Vec<&str> = providers.entries().map(|provider| provider.key).collect();
        for model in self.file.table("models").entries() {
            let node = model.node();
            self.header_extras(&node);
            let Some(entry) = node.entry("provider") else { continue };
            let Some(name) = entry.value.as_str() else { continue };
            if !names.contains(&name) {
                self.findings.absence(entry.at, &entry.path, no_provider(name, &names));
                continue;
            }
            let kind = providers.table(name).text("kind");
            if kind.is_some_and(|kind| NOT_SERVED.contains(&kind)) {
                let message = format!("skipped: provider {name:?} is not served yet.");
                self.findings.notice(model.at, &model.path, message);
            }
            self.dialect(&node, kind);
        }
    }

    /// Keys that say how a host that speaks Chat goes about reasoning.
    fn dialect(&mut self, model: &Node<'_, '_>, kind: Option<&str>) {
        let Some(kind) = kind.filter(|kind| *kind != "openai-compat") else { return };
        for key in ["reasoning_dialect", "history_reasoning"] {
            let Some(entry) = model.entry(key) else { continue };
            let is_known = |word: &str| match key {
                "reasoning_dialect" => Dialect::named(word).is_some(),
                _ => ["strip", "preserve"].contains(&word),
            };
            if entry.value.as_str().is_some_and(is_known) {
                let message = format!("is not read on kind {kind:?}. Remove it.");
                self.findings.notice(entry.at, &entry.path, message);
            }
        }
    }

    fn aliases(&mut self) {
        let table = self.file.table("aliases");
        let models: Vec<Model> =
            self.file.table("models").entries().map(|it| model(it.key)).collect();
        let aliases: Vec<(String, Vec<String>)> =
            table.entries().map(|alias| (alias.key.to_owned(), values(&alias))).collect();
        for fault in Routes::new(&models, &aliases).err().into_iter().flatten() {
            let Some(alias) = table.entry(&fault.alias) else { continue };
            self.alias_fault(&alias, &fault);
        }
        if models.is_empty() {
            let message = "there is none, so nothing can be served. `routectl config example` \
                           shows how to write one.";
            self.findings.notice(0, &Path::of(&["models"]), message);
        }
    }

    fn alias_fault(&mut self, alias: &Entry<'_, '_>, fault: &RouteFault) {
        let item = fault.position.and_then(|position| alias.strings().nth(position));
        let (at, path) = match item {
            Some((index, at, _)) => (at, alias.path.index(index)),
            None => (alias.at, alias.path.clone()),
        };
        let message = fault.kind.to_string();
        match &fault.kind {
            // shape tells of an empty list, and of one that is no list
            FaultKind::Empty => {}
            FaultKind::Unknown { nearest, .. } if nearest.is_empty() => {
                let message =
                    format!("{message} Add it under [models], or name one that is there.");
                self.findings.absence(at, &path, message);
            }
            FaultKind::Unknown { .. } => self.findings.absence(at, &path, message),
            FaultKind::BadGlob | FaultKind::Cycle { .. } | FaultKind::TooDeep => {
                self.findings.error(at, &path, message);
            }
        }
    }

    fn retry(&mut self) {
        let retry = self.file.table("retry");
        if let (Some(_), Some(deny)) =
            (retry.entry("retry_allowlist"), retry.entry("retry_denylist"))
        {
            let message = "set together with retry_allowlist, and only one of them can rule. \
                           Remove one.";
            self.findings.error(deny.at, &deny.path, message);
        }
    }

    fn bedrock(&mut self) {
        let Some(fields) = self.file.table("bedrock").entry("allowed_body_fields") else { return };
        let listed: Vec<&str> = fields.strings().map(|(_, _, text)| text).collect();
        if listed.is_empty() {
            return;
        }
        let has_floor = self.file.table("providers").entries().any(|provider| {
            let floor = provider.node().entry("anthropic_beta");
            floor.is_some_and(|floor| floor.strings().count() > 0)
        });
        let needed = ALWAYS_SENT.into_iter().chain(has_floor.then_some("anthropic_beta"));
        let lacking: Vec<String> = needed
            .filter(|field| !listed.contains(field))
            .map(|field| format!("{field:?}"))
            .collect();
        if !lacking.is_empty() {
            let lacking = lacking.join(", ");
            let message =
                format!("lacks {lacking}, which routectl always sends. Complete the list.");
            self.findings.error(fields.at, &fields.path, message);
        }
    }
}

fn no_provider(name: &str, names: &[&str]) -> String {
    match nearest(name, names.iter().copied()).as_slice() {
        [near, ..] => format!("no provider {name:?}. Did you mean {near:?}?"),
        [] => format!("no provider {name:?}. Add it under [providers], or name one that is there."),
    }
}

/// The check asks only for the names.
fn model(nickname: &str) -> Model {
    Model { nickname: nickname.to_owned(), target: TargetId(0), selectable: true }
}

/// What an alias names, as far as it is strings.
fn values(alias: &Entry<'_, '_>) -> Vec<String> {
    match alias.value.as_str() {
        Some(only) => vec![only.to_owned()],
        None => alias.strings().map(|(_, _, text)| text.to_owned()).collect(),
    }
}
