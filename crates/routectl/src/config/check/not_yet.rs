//! Keys that a file may hold and that have no effect yet: one table, and a notice for each that is
//! set. Whoever makes a key work takes its line out.

use super::{Check, Node};

/// A key that has no effect yet.
struct NotYet {
    /// The tables it stands in; `*` is every name.
    tables: &'static [&'static str],
    key: &'static str,
}

const MODELS: &[&str] = &["models", "*"];

const NOT_YET: [NotYet; 3] = [
    NotYet { tables: MODELS, key: "price" },
    NotYet { tables: &[], key: "usage" },
    NotYet { tables: &[], key: "telemetry" },
];

impl Check<'_, '_, '_> {
    /// Tells of every key that has no effect yet, unless something else was said of it.
    pub(super) fn not_yet(&mut self) {
        for NotYet { tables, key } in NOT_YET {
            for node in nodes(&self.file, tables) {
                let Some(entry) = node.entry(key) else { continue };
                if self.findings.speaks_of(entry.at) {
                    continue;
                }
                let message = "is read and checked, and not served yet.";
                self.findings.notice(entry.at, &entry.path, message);
            }
        }
    }
}

/// The tables that a way leads to.
fn nodes<'t, 'i>(file: &Node<'t, 'i>, way: &[&str]) -> Vec<Node<'t, 'i>> {
    let start = Node { table: file.table, path: file.path.clone() };
    way.iter().fold(vec![start], |nodes, name| {
        let below = nodes.iter().flat_map(|node| match *name {
            "*" => node.entries().map(|entry| entry.node()).collect(),
            name => vec![node.table(name)],
        });
        below.collect()
    })
}
