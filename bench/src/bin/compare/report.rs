//! The figures of a run as a table for people and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::workloads::Sizes;

/// One line of the table: every contender's values, one for each time it was measured.
pub(crate) struct Measure {
    label: String,
    unit: &'static str,
    aim: Aim,
    /// Whose median is held against the aim.
    judged: &'static str,
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
    /// At most so many times the price of routectl's own native lane.
    Native(f64),
}

/// What follows a routectl's name in the columns of its lanes.
pub(crate) const NATIVE: &str = " native";
pub(crate) const TRANSLATED: &str = " translated";

impl Measure {
    pub(crate) fn new(label: impl Into<String>, unit: &'static str, aim: Aim) -> Self {
        let (label, judged) = (label.into(), "routectl");
        Self { label, unit, aim, judged, values: BTreeMap::new() }
    }

    /// A measure whose columns are the two lanes of each routectl.
    pub(crate) fn of_lanes(label: String, unit: &'static str, aim: Aim) -> Self {
        Self { judged: "routectl translated", ..Self::new(label, unit, aim) }
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
        let ratio = |(name, other): (&str, String)| {
            Some(format!("{:.2} × {name}", self.times(contender, &other)?))
        };
        let ratios: Vec<_> = self.yardsticks(contender).into_iter().filter_map(ratio).collect();
        if !ratios.is_empty() {
            let _ = write!(cell, " ({})", ratios.join(", "));
        }
        cell
    }

    /// Whom a contender's price is told as a multiple of: by which name, and whose column it is.
    fn yardsticks(&self, contender: &str) -> Vec<(&'static str, String)> {
        if let Some(routectl) = contender.strip_suffix(TRANSLATED) {
            return vec![("native", format!("{routectl}{NATIVE}"))];
        }
        let peers = match (self.aim, contender) {
            (Aim::Floor(_), "nginx") => &[][..],
            (Aim::Floor(_), "floor") => &["nginx"],
            (Aim::Floor(_), _) => &["nginx", "floor"],
            (Aim::None | Aim::AtMost(_) | Aim::NginxPlus(_) | Aim::Native(_), _) => &[],
        };
        peers.iter().map(|name| (*name, (*name).to_owned())).collect()
    }

    /// The most that routectl's median may be.
    fn bound(&self) -> Option<f64> {
        match self.aim {
            Aim::None => None,
            Aim::AtMost(most) => Some(most),
            Aim::Floor(times) => Some(self.median("floor")? * times),
            Aim::NginxPlus(more) => Some(self.median("nginx")? + more),
            Aim::Native(times) => Some(self.median("routectl native")? * times),
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
            Self::Native(times) => format!("at most {times} × native"),
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
    /// The translated lane beside the native one.
    pub(crate) lanes: Sheet,
}

/// Measures with columns of their own.
pub(crate) struct Sheet {
    pub(crate) columns: Vec<String>,
    pub(crate) measures: Vec<Measure>,
}

impl Report {
    pub(crate) fn markdown(&self) -> String {
        let Setting { revision, processor, cores, kernel, rounds, seconds, .. } = &self.setting;
        let mut text = format!(
            "Medians of {rounds} rounds in {seconds} s; revision {revision}; {processor}, \
             {cores} cores, Linux {kernel}.\n\n"
        );
        table(&mut text, &self.contenders, &self.sheet);
        if !self.lanes.measures.is_empty() {
            text.push('\n');
            table(&mut text, &self.lanes.columns, &self.lanes.measures);
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

    fn measures(&self) -> impl Iterator<Item = &Measure> {
        self.sheet.iter().chain(&self.lanes.measures)
    }

    fn aims(&self) -> Vec<Judged<'_>> {
        let judged =
            |measure: &'_ Measure| Some((measure.bound()?, measure.median(measure.judged)?));
        let pairs = self.measures().filter_map(|measure| Some((measure, judged(measure)?)));
        pairs.map(|(measure, (bound, value))| Judged { measure, bound, value }).collect()
    }

    pub(crate) fn json(&self) -> String {
        let Setting { revision, processor, cores, kernel, taken, rounds, seconds, notes } =
            &self.setting;
        let list =
            |words: &[String]| words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", ");
        let measures: Vec<_> = self.measures().map(Measure::json).collect();
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

/// A line for each measure, a column for each name.
fn table(text: &mut String, columns: &[String], measures: &[Measure]) {
    let rule = "|---".repeat(columns.len() + 1);
    let _ = writeln!(text, "| | {} |\n{rule}|", columns.join(" | "));
    for measure in measures {
        let cells: Vec<_> = columns.iter().map(|name| measure.cell(name)).collect();
        let Measure { label, unit, .. } = measure;
        let _ = writeln!(text, "| {label}, {unit} | {} |", cells.join(" | "));
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
            quoted(&self.label),
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
    fn a_translated_lane_is_held_against_the_native_one_of_the_same_build() {
        let mut measure = Measure::of_lanes("a".to_owned(), "s", Aim::Native(2.0));
        for (column, value) in
            [("routectl native", 2.0), ("routectl translated", 3.0), ("routectl-2 native", 1.0)]
        {
            measure.note(column, value);
        }
        measure.note("routectl-2 translated", 3.0);
        assert_eq!(measure.cell("routectl native"), "2.00");
        assert_eq!(measure.cell("routectl translated"), "3.00 (1.50 × native)");
        assert_eq!(measure.cell("routectl-2 translated"), "3.00 (3.00 × native)");
        assert_eq!((measure.bound(), measure.median(measure.judged)), (Some(4.0), Some(3.0)));
    }

    #[test]
    fn json_strings_are_escaped() {
        assert_eq!(quoted("a \"b\"\n\\"), r#""a \"b\"\u000a\\""#);
    }
}
