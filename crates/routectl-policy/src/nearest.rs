//! The names a person may have meant.

/// How many names are offered at most.
const OFFERED: usize = 3;

/// Names longer than this are not compared: what is asked comes from outside, and the work grows
/// with the product of the lengths.
const LONGEST: usize = 128;

/// The names nearest to `asked`, best first and then by the alphabet, at most three; none when
/// nothing is near.
pub fn nearest<'a>(asked: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    if asked.is_empty() || asked.len() > LONGEST {
        return Vec::new();
    }
    let mut near: Vec<(usize, &str)> =
        names.into_iter().filter_map(|name| Some((closeness(asked, name)?, name))).collect();
    near.sort_unstable();
    near.into_iter().take(OFFERED).map(|(_, name)| name.to_owned()).collect()
}

/// How far apart two names are, or `None` when too far to be a slip. A name that begins with the
/// other (`claude-opus` and `claude-opus-4-7`) is near whatever its length.
fn closeness(asked: &str, name: &str) -> Option<usize> {
    if name.len() > LONGEST {
        return None;
    }
    let (asked, name) = (asked.to_lowercase(), name.to_lowercase());
    let distance = distance(&asked, &name);
    let slips = (asked.chars().count() / 3).max(1);
    if distance <= slips {
        return Some(distance);
    }
    let (short, long) = if asked.len() < name.len() { (&asked, &name) } else { (&name, &asked) };
    (short.len() >= 3 && long.starts_with(short.as_str())).then_some(slips + 1)
}

/// Edits between two words, where swapping neighbours is one edit.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before = vec![0; right.len() + 1];
    let mut above: Vec<usize> = (0..=right.len()).collect();
    let mut last = None;
    for (row, char) in left.chars().enumerate() {
        let mut line = vec![row + 1];
        for (column, &other) in right.iter().enumerate() {
            let swapped = column > 0 && last == Some(other) && right.get(column - 1) == Some(&char);
            let at =
                |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX - 1);
            let mut cost = (at(&above, column) + usize::from(char != other))
                .min(at(&above, column + 1) + 1)
                .min(at(&line, column) + 1);
            if swapped {
                cost = cost.min(at(&before, column - 1) + 1);
            }
            line.push(cost);
        }
        before = std::mem::replace(&mut above, line);
        last = Some(char);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_finds_its_name_and_a_stranger_finds_none() {
        let names = ["openai", "anthropic", "claude-sonnet-4-5", "claude-opus-4-7", "local"];
        let check = |asked: &str, expected: &[&str]| {
            assert_eq!(nearest(asked, names), expected, "{asked:?}");
        };
        check("opnai", &["openai"]);
        check("oepnai", &["openai"]);
        check("OpenAI", &["openai"]);
        check("claude-opus", &["claude-opus-4-7"]);
        check("claude-sonnet-4-6", &["claude-sonnet-4-5"]);
        check("locals", &["local"]);
        check("gemini-pro", &[]);
        check("", &[]);
        check(&"a".repeat(1 << 20), &[]);
        check("клод", &[]);
    }
}
