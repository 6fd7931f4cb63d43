//! The figures of a run as a table for people and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::workloads::Sizes;

/// One line of the table: every contender's values, one for each time it was measured.
pub(crate) struct Measure {
    label: &'static str,
    unit: &'static str,
    aim: Aim,
    values: BTreeMap<String, Vec<f64>>,
}

/// What routectl's median is to be.
#[derive(Clone, Copy)]
pub(crate) enum Aim {
    None,
    AtMost(f64),
    /// At most so many times the floor's.
    Floor(f64),
    /// At most so much more than nginx's.
    NginxPlus(f64),
}

impl Measure {
    pub(crate) fn new(label: &'static str, unit: &'static str, aim: Aim) -> Self {
        Self { label, unit, aim, values: BTreeMap::new() }
    }

    pub(crate) fn note(&mut self, contender: &str, value: f64) {
        self.values.entry(contender.to_owned()).or_default().push(value);
    }

    fn median(&self, contender: &str) -> Option<f64> {
        let mut values = self.values.get(contender)?.clone();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let upper = *values.get(middle)?;
        if values.len() % 2 == 1 {
            return Some(upper);
        }
        Some(f64::midpoint(*values.get(middle - 1)?, upper))
    }

    fn times(&self, contender: &str, other: &str) -> Option<f64> {
        Some(self.median(contender)? / self.median(other)?)
    }

    /// The median, and for prices the ratios that the aims are about.
    fn cell(&self, contender: &str) -> String {
        let Some(median) = self.median(contender) else { return "–".to_owned() };
        let mut cell = if median < 1.0 { format!("{median:.4}") } else { format!("{median:.2}") };
        if !matches!(self.aim, Aim::Floor(_)) {
            return cell;
        }
        let others: Vec<_> = ["nginx", "floor"]
            .iter()
            .filter(|other| **other != contender)
            .filter_map(|other| Some(format!("{:.2} × {other}", self.times(contender, other)?)))
            .take(if contender == "nginx" { 0 } else { 2 })
            .collect();
        if !others.is_empty() {
            let _ = write!(cell, " ({})", others.join(", "));
        }
        cell
    }

    /// The most that routectl's median may be.
    fn bound(&self) -> Option<f64> {
        match self.aim {
            Aim::None => None,
            Aim::AtMost(most) => Some(most),
            Aim::Floor(times) => Some(self.median("floor")? * times),
            Aim::NginxPlus(more) => Some(self.median("nginx")? + more),
        }
    }
}

impl Aim {
    fn words(self, unit: &str) -> String {
        match self {
            Self::None => String::new(),
            Self::AtMost(most) => format!("at most {most} {unit}"),
            Self::Floor(times) => format!("at most {times} × floor"),
            Self::NginxPlus(more) => format!("at most nginx + {more} {unit}"),
        }
    }
}

/// Where and how the figures were taken.
pub(crate) struct Setting {
    revision: String,
    processor: String,
    cores: usize,
    kernel: String,
    taken: u64,
    rounds: usize,
    pub(crate) seconds: u64,
    pub(crate) notes: Vec<String>,
}

impl Setting {
    pub(crate) fn of_this_machine(revision: &str, sizes: Sizes) -> Self {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            revision: revision.to_owned(),
            processor: model.map_or("unknown", |(_, name)| name).to_owned(),
            cores: thread::available_parallelism().map_or(0, usize::from),
            kernel: kernel.trim().to_owned(),
            taken: now.as_secs(),
            rounds: sizes.rounds,
            seconds: 0,
            notes: Vec::new(),
        }
    }
}

/// A whole run.
pub(crate) struct Report {
    pub(crate) setting: Setting,
    pub(crate) contenders: Vec<String>,
    pub(crate) sheet: Vec<Measure>,
}

impl Report {
    pub(crate) fn markdown(&self) -> String {
        let Setting { revision, processor, cores, kernel, rounds, seconds, .. } = &self.setting;
        let mut text = format!(
            "Medians of {rounds} rounds in {seconds} s; revision {revision}; {processor}, \
             {cores} cores, Linux {kernel}.\n\n"
        );
        let rule = "|---".repeat(self.contenders.len() + 1);
        let _ = writeln!(text, "| | {} |\n{rule}|", self.contenders.join(" | "));
        for measure in &self.sheet {
            let cells: Vec<_> = self.contenders.iter().map(|name| measure.cell(name)).collect();
            let Measure { label, unit, .. } = measure;
            let _ = writeln!(text, "| {label}, {unit} | {} |", cells.join(" | "));
        }
        let aims = self.aims();
        if !aims.is_empty() {
            let _ = writeln!(text, "\n| | aim | bound | routectl | |\n|---|---|---|---|---|");
            for Judged { measure, bound, value } in aims {
                let Measure { label, unit, aim, .. } = measure;
                let verdict = if value <= bound { "met" } else { "**missed**" };
                let aim = aim.words(unit);
                let _ = writeln!(text, "| {label} | {aim} | {bound:.4} | {value:.4} | {verdict} |");
            }
        }
        for note in &self.setting.notes {
            let _ = writeln!(text, "\n{note}");
        }
        text
    }

    fn aims(&self) -> Vec<Judged<'_>> {
        let judged = |measure: &'_ Measure| Some((measure.bound()?, measure.median("routectl")?));
        let pairs = self.sheet.iter().filter_map(|measure| Some((measure, judged(measure)?)));
        pairs.map(|(measure, (bound, value))| Judged { measure, bound, value }).collect()
    }

    pub(crate) fn json(&self) -> String {
        let Setting { revision, processor, cores, kernel, taken, rounds, seconds, notes } =
            &self.setting;
        let list =
            |words: &[String]| words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", ");
        let measures: Vec<_> = self.sheet.iter().map(|measure| measure.json()).collect();
        format!(
            "{{\n  \"taken\": {taken},\n  \"revision\": {},\n  \"processor\": {},\n  \
             \"cores\": {cores},\n  \"kernel\": {},\n  \"rounds\": {rounds},\n  \
             \"seconds\": {seconds},\n  \"notes\": [{}],\n  \"contenders\": [{}],\n  \
             \"measures\": [\n{}\n  ]\n}}\n",
            quoted(revision),
            quoted(processor),
            quoted(kernel),
            list(notes),
            list(&self.contenders),
            measures.join(",\n")
        )
    }
}

/// A measure with an aim, and what routectl made of it.
struct Judged<'a> {
    measure: &'a Measure,
    bound: f64,
    value: f64,
}

impl Measure {
    fn json(&self) -> String {
        let values = self.values.iter().map(|(name, values)| {
            let median = self.median(name).unwrap_or_default();
            let all: Vec<_> = values.iter().map(|value| format!("{value:.6}")).collect();
            let name = quoted(name);
            format!("{name}: {{ \"median\": {median:.6}, \"all\": [{}] }}", all.join(", "))
        });
        let values: Vec<_> = values.collect();
        let bound = self.bound().map_or_else(|| "null".to_owned(), |bound| format!("{bound:.6}"));
        format!(
            "    {{ \"label\": {}, \"unit\": {}, \"aim\": {}, \"bound\": {bound}, \"values\": {{\n      {}\n    }} }}",
            quoted(self.label),
            quoted(self.unit),
            quoted(&self.aim.words(self.unit)),
            values.join(",\n      ")
        )
    }
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_bounds_come_from_the_values() {
        let mut measure = Measure::new("a", "s", Aim::Floor(1.5));
        for value in [3.0, 1.0, 2.0] {
            measure.note("floor", value);
            measure.note("routectl", value * 2.0);
        }
        measure.note("nginx", 1.0);
        measure.note("nginx", 2.0);
        assert_eq!(measure.median("nginx"), Some(1.5));
        assert_eq!((measure.bound(), measure.median("routectl")), (Some(3.0), Some(4.0)));
        assert_eq!(measure.cell("routectl"), "4.00 (2.67 × nginx, 2.00 × floor)");
        assert_eq!(measure.cell("floor"), "2.00 (1.33 × nginx)");
    }

    #[test]
    fn json_strings_are_escaped() {
        assert_eq!(quoted("a \"b\"\n\\"), r#""a \"b\"\u000a\\""#);
    }
}
