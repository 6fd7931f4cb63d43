//! A command line of words, `--name value` pairs and `--switches`.

use std::env;
use std::str::FromStr;

use crate::Trouble;

/// What is left of the command line; every reader takes its part out.
pub struct Arguments(Vec<String>);

impl Arguments {
    pub fn read() -> Self {
        Self(env::args().skip(1).collect())
    }

    /// The first word, such as a subcommand.
    pub fn word(&mut self) -> Option<String> {
        let first = self.0.first()?;
        if first.starts_with("--") {
            return None;
        }
        Some(self.0.remove(0))
    }

    pub fn switch(&mut self, name: &str) -> bool {
        let Some(at) = self.0.iter().position(|word| word == name) else { return false };
        self.0.remove(at);
        true
    }

    pub fn value<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, Trouble> {
        let Some(at) = self.0.iter().position(|word| word == name) else { return Ok(None) };
        self.0.remove(at);
        if at == self.0.len() {
            return Err(format!("{name} needs a value").into());
        }
        let value = self.0.remove(at);
        let value = value.parse().map_err(|_| format!("{name} cannot be \"{value}\""))?;
        Ok(Some(value))
    }

    pub fn required<T: FromStr>(&mut self, name: &str) -> Result<T, Trouble> {
        self.value(name)?.ok_or_else(|| format!("{name} is required").into())
    }

    /// Every value of a name that may be given more than once.
    pub fn all<T: FromStr>(&mut self, name: &str) -> Result<Vec<T>, Trouble> {
        let mut values = Vec::new();
        while let Some(value) = self.value(name)? {
            values.push(value);
        }
        Ok(values)
    }

    /// Refuses what nobody took.
    pub fn finish(self) -> Result<(), Trouble> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(format!("unknown arguments: {}", self.0.join(" ")).into())
    }
}
