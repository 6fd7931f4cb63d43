//! What a client wants of thinking, in the members of one dialect. The strongest of its words
//! counts: off, a budget, an effort, on. (facts: reasoning, section 4)

use std::borrow::Cow;

use routectl_core::{Abilities, Budget, Dialect, Effort, Fixed, History, Loss, ReasoningControl};

use crate::json::Object;

/// What a model and a request leave of a wish.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    /// Efforts that the model knows; empty knows them all.
    pub efforts: &'a [Effort],
    /// The operator named them, and knows better than what is known of the host.
    pub named: bool,
    /// Cap on a budget, in tokens; 0 is no cap.
    pub max_budget: u64,
    /// Most tokens of the answer, thinking included.
    pub max_tokens: Option<u64>,
}

/// How a wish is said, and what of it is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    said: Vec<Said>,
    pub losses: Vec<Loss>,
    /// Whether the model is told not to think.
    pub is_off: bool,
}

/// A member, or one below it after a dot, and its raw value.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    path: &'static str,
    json: Cow<'static, str>,
}

/// What a client wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Unsaid,
    Off,
    On,
    Effort(Effort),
    Budget(u64),
}

impl Wanted {
    fn of(control: &ReasoningControl) -> Self {
        match (control.enabled, control.budget, control.effort) {
            (Some(false), _, _) => Self::Off,
            (_, Some(budget), _) => Self::Budget(budget),
            (_, None, Some(effort)) => Self::Effort(effort),
            (Some(true), None, None) => Self::On,
            (None, None, None) => Self::Unsaid,
        }
    }
}

/// Plans how a wish is said. `path` is what the client calls the member that says it.
pub fn plan(control: &ReasoningControl, dialect: &Dialect, limits: Limits<'_>, path: &str) -> Plan {
    let wanted = Wanted::of(control);
    let mut plan = Plan::default();
    Planner { dialect, limits, path, plan: &mut plan }.plan(wanted);
    if control.effort.is_some() && !matches!(wanted, Wanted::Effort(_)) {
        let reason = "the effort yields to the rest of what is said of thinking";
        plan.losses.push(Loss::dropped(path, reason));
    }
    plan
}

struct Planner<'a> {
    dialect: &'a Dialect,
    limits: Limits<'a>,
    path: &'a str,
    plan: &'a mut Plan,
}

impl Planner<'_> {
    fn plan(&mut self, wanted: Wanted) {
        match wanted {
            Wanted::Unsaid => {}
            Wanted::Off => self.off(),
            Wanted::On => self.on(),
            Wanted::Effort(effort) => self.effort(effort),
            Wanted::Budget(tokens) => self.budget(tokens),
        }
    }

    fn off(&mut self) {
        let control = &self.dialect.control;
        if let Some(switch) = control.switch
            && let Some(off) = switch.off
        {
            self.plan.say(switch.path, off);
            self.plan.is_off = true;
            return;
        }
        let reason = "the model cannot be told not to think";
        match control.effort {
            Some(_) if control.unasked => {
                self.say_effort(Effort::Minimal);
                self.plan.losses.push(Loss::clamped(self.path, reason));
            }
            None if control.unasked => self.plan.losses.push(Loss::dropped(self.path, reason)),
            // It does not think by itself.
            Some(_) | None => self.plan.is_off = true,
        }
    }

    fn on(&mut self) {
        let control = &self.dialect.control;
        if control.switch.is_some_and(|switch| switch.on.is_some()) {
            self.switch_on();
        } else if !control.unasked {
            match (control.effort, control.budget) {
                (None, None) => {
                    let reason = "nobody can tell the model to think";
                    self.plan.losses.push(Loss::dropped(self.path, reason));
                }
                (Some(_), _) => _ = self.say_effort(Effort::Medium),
                (None, Some(_)) => self.effort(Effort::Medium),
            }
        }
    }

    fn effort(&mut self, effort: Effort) {
        let control = &self.dialect.control;
        match (control.effort, control.budget) {
            (Some(_), _) => {
                self.beside();
                if self.say_effort(effort) != effort {
                    let reason = "the model has no such effort";
                    self.plan.losses.push(Loss::clamped(self.path, reason));
                }
            }
            (None, Some(budget)) => {
                let wanted = effort.budget().max(budget.least);
                match self.fitting(wanted, self.spare()).filter(|given| *given >= budget.least) {
                    Some(given) => {
                        self.beside();
                        self.say_budget(budget, wanted, given);
                    }
                    None => self.no_room(),
                }
            }
            (None, None) => self.merely_on("the host is not told how much to think"),
        }
    }

    fn budget(&mut self, tokens: u64) {
        let control = &self.dialect.control;
        match (control.budget, control.effort) {
            (Some(budget), _) => {
                let below = self.limits.max_tokens.filter(|limit| tokens < *limit);
                let room = below.map_or_else(|| self.spare(), |limit| limit - 1);
                let wanted = tokens.max(budget.least);
                match self.fitting(wanted, room).filter(|given| *given >= budget.least) {
                    Some(given) => {
                        self.beside();
                        self.say_budget(budget, tokens, given);
                    }
                    None => self.no_room(),
                }
            }
            (None, Some(_)) => {
                self.beside();
                let given = self.say_effort(Effort::of_budget(tokens));
                if given.budget() != tokens {
                    let reason = "the host takes an effort, not a number of tokens";
                    self.plan.losses.push(Loss::degraded(self.path, reason));
                }
            }
            (None, None) => self.merely_on("the host is not told how many tokens to think"),
        }
    }

    /// "On", where it is said beside what else is said.
    fn beside(&mut self) {
        if self.dialect.control.switch.is_some_and(|switch| switch.beside) {
            self.switch_on();
        }
    }

    fn switch_on(&mut self) {
        if let Some(switch) = self.dialect.control.switch
            && let Some(on) = switch.on
        {
            self.plan.say(switch.path, on);
        }
    }

    /// All that can be said is that the model is to think, if even that.
    fn merely_on(&mut self, reason: &'static str) {
        let can_say = self.dialect.control.switch.is_some_and(|switch| switch.on.is_some());
        self.switch_on();
        let loss = if can_say { Loss::degraded } else { Loss::dropped };
        self.plan.losses.push(loss(self.path.to_owned(), reason));
    }

    /// Says the effort as far as model and host know it, and gives what it said.
    fn say_effort(&mut self, asked: Effort) -> Effort {
        let Some(efforts) = self.dialect.control.effort else { return asked };
        let mut given = asked.clamped(self.limits.efforts);
        if !self.limits.named {
            given = given.clamped(efforts.known);
        }
        self.plan.say(efforts.path, format!("\"{}\"", given.name()));
        given
    }

    fn say_budget(&mut self, budget: Budget, asked: u64, given: u64) {
        self.plan.say(budget.path, given.to_string());
        if given != asked {
            let reason = "the thinking budget of this model and this limit";
            self.plan.losses.push(Loss::clamped(self.path, reason));
        }
    }

    /// A budget as far as the model and the room for it allow.
    fn fitting(&self, tokens: u64, room: u64) -> Option<u64> {
        let cap = Some(self.limits.max_budget).filter(|cap| *cap > 0).unwrap_or(u64::MAX);
        Some(tokens.min(cap).min(room)).filter(|tokens| *tokens > 0)
    }

    /// What is left for thinking where the answer keeps a tenth of the limit, and no less than the
    /// least budget of most vendors. (facts: reasoning, section 4)
    fn spare(&self) -> u64 {
        let left = |limit: u64| limit.saturating_sub((limit / 10).max(Effort::Low.budget()));
        self.limits.max_tokens.map_or(u64::MAX, left)
    }

    fn no_room(&mut self) {
        let reason = "thinking does not fit into the limit of tokens";
        self.plan.losses.push(Loss::dropped(self.path, reason));
        if let Some(switch) = self.dialect.control.switch
            && let Some(off) = switch.off
        {
            self.plan.say(switch.path, off);
            self.plan.is_off = true;
        }
    }
}

impl Plan {
    /// That the model is not to think, without asking what the client wants.
    pub fn off(dialect: &Dialect, losses: Vec<Loss>) -> Self {
        let mut plan = Self { said: Vec::new(), losses, is_off: true };
        if let Some(switch) = dialect.control.switch
            && let Some(off) = switch.off
        {
            plan.say(switch.path, off);
        }
        plan
    }

    /// Adds what every request to this model says beside the wish.
    pub fn complete(&mut self, dialect: &Dialect, history: History) {
        for fixed in dialect.control.always {
            self.say_fixed(*fixed);
        }
        if history == History::Preserve {
            self.keep(dialect, false);
        }
    }

    /// Asks the host to keep the thinking of finished turns. The member that says so may not be
    /// complete without saying whether to think, where that is not told already.
    pub fn keep(&mut self, dialect: &Dialect, is_told: bool) {
        let Some(keep) = dialect.echo.keep else { return };
        let (member, _) = parts(keep.path);
        if let Some(switch) = dialect.control.switch.filter(|it| parts(it.path).0 == member)
            && let Some(on) = switch.on.filter(|_| !is_told && !self.says(member))
        {
            self.say(switch.path, on);
        }
        self.say_fixed(keep);
    }

    /// Whether something of this member is said.
    pub fn says(&self, member: &str) -> bool {
        self.said.iter().any(|said| parts(said.path).0 == member)
    }

    /// Says a member that has one value, unless it is said already.
    pub fn say_fixed(&mut self, fixed: Fixed) {
        if !self.said.iter().any(|said| said.path == fixed.path) {
            self.say(fixed.path, fixed.json);
        }
    }

    fn say(&mut self, path: &'static str, json: impl Into<Cow<'static, str>>) {
        self.said.push(Said { path, json: json.into() });
    }

    /// Every member that is said, in order: what stands below it by name, or its own raw value.
    pub fn members(&self) -> Vec<(&'static str, Value<'_>)> {
        let mut members: Vec<(&'static str, Value<'_>)> = Vec::new();
        for Said { path, json } in &self.said {
            let (member, below) = parts(path);
            let known = members.iter_mut().find(|(name, _)| *name == member);
            match (below, known) {
                (Some(below), Some((_, Value::Object(inner)))) => inner.push((below, json)),
                (Some(below), _) => members.push((member, Value::Object(vec![(below, json)]))),
                (None, _) => members.push((member, Value::Raw(json))),
            }
        }
        members
    }

    /// Writes what is said into a body.
    pub(crate) fn write(&self, body: &mut Object<'_>) {
        for (member, value) in self.members() {
            match value {
                Value::Raw(json) => body.raw(member, json),
                Value::Object(inner) => {
                    let mut object = body.object(member);
                    inner.iter().for_each(|(name, json)| object.raw(name, json));
                }
            }
        }
    }
}

/// The value of a member that a plan says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// Raw JSON.
    Raw(&'a str),
    /// Members below it, each raw.
    Object(Vec<(&'static str, &'a str)>),
}

/// A path as a member and what is below it.
pub fn parts(path: &'static str) -> (&'static str, Option<&'static str>) {
    match path.split_once('.') {
        Some((member, below)) => (member, Some(below)),
        None => (path, None),
    }
}

impl<'a> Limits<'a> {
    /// The limits of a target for a request with this limit of its own.
    pub fn of(abilities: &'a Abilities, max_tokens: Option<u64>) -> Self {
        Self {
            efforts: &abilities.efforts,
            named: abilities.efforts_named,
            max_budget: abilities.max_thinking_budget,
            max_tokens,
        }
    }
}
