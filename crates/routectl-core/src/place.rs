//! Where a thing stood in the client's body, so that a loss or an error can name it.

use std::fmt;

/// A JSON path of up to five steps, cheap to copy and spelled only when someone asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    steps: [Step; DEPTH],
    used: u8,
}

/// `messages[3].content[1].content[0].source.content[2]`: the deepest that blocks stand.
const DEPTH: usize = 5;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Step {
    member: &'static str,
    index: Option<u32>,
}

impl Place {
    /// The body itself.
    pub const BODY: Self = Self { steps: [Step { member: "", index: None }; DEPTH], used: 0 };

    /// A member of what stands here. Below the fifth step the path stops growing.
    #[must_use]
    pub fn member(mut self, member: &'static str) -> Self {
        if let Some(step) = self.steps.get_mut(usize::from(self.used)) {
            *step = Step { member, index: None };
        }
        self.used = self.used.saturating_add(1);
        self
    }

    /// An element of the list that stands here.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        let last = usize::from(self.used).checked_sub(1);
        if let Some(step) = last.and_then(|last| self.steps.get_mut(last)) {
            step.index = step.index.or_else(|| u32::try_from(index).ok());
        }
        self
    }

    /// The index that the path begins with: of `messages[3].content[1]` it is 3.
    pub fn first_index(&self) -> Option<u32> {
        self.steps.first().and_then(|step| step.index)
    }

    /// The path of a member below, for names that only the client knows; without a name, of what
    /// stands here.
    pub fn path(&self, member: &str) -> String {
        match (self.used, member) {
            (0, member) => member.to_owned(),
            (_, "") => self.to_string(),
            (_, member) => format!("{self}.{member}"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let used = self.steps.iter().take(usize::from(self.used));
        for (position, step) in used.enumerate() {
            if position > 0 {
                f.write_str(".")?;
            }
            f.write_str(step.member)?;
            if let Some(index) = step.index {
                write!(f, "[{index}]")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_spelled_as_a_json_path() {
        let block = Place::BODY.member("messages").index(3).member("content").index(1);
        assert_eq!(block.to_string(), "messages[3].content[1]");
        assert_eq!(block.path("cache_control"), "messages[3].content[1].cache_control");
        assert_eq!(block.path(""), "messages[3].content[1]");
        assert_eq!(Place::BODY.path("seed"), "seed");
        assert_eq!(Place::BODY.to_string(), "");
        assert_eq!((block.first_index(), Place::BODY.first_index()), (Some(3), None));
    }

    #[test]
    fn below_the_fifth_step_a_path_stays_true() {
        let result = Place::BODY.member("messages").index(0).member("content").index(1);
        let source = result.member("content").index(2).member("source");
        let block = source.member("content").index(3);
        assert_eq!(block.path("text"), "messages[0].content[1].content[2].source.content[3].text");
        let deep = block.member("source").index(4);
        assert_eq!(deep.to_string(), block.to_string());
    }
}
