//! What the kernel knows of a process and its children: processor time and resident memory.

use std::fs;
use std::time::Duration;

use crate::Trouble;

/// Length of the clock ticks in `/proc/PID/stat`; Linux has shown 100 a second since 2.4.
const TICK: Duration = Duration::from_millis(10);

/// A process together with its children, such as nginx's workers.
#[derive(Clone, Copy, Debug)]
pub struct Family(pub u32);

impl Family {
    /// User and system time of all threads, also of those that have ended.
    pub fn cpu(self) -> Result<Duration, Trouble> {
        let mut ticks = 0;
        for pid in self.members()? {
            let stat = stat(pid)?;
            ticks += number(&stat, 11)? + number(&stat, 12)?;
        }
        Ok(TICK * u32::try_from(ticks)?)
    }

    /// Processor time of the living threads, to the nanosecond; for moments too short for ticks.
    pub fn fine_cpu(self) -> Result<Duration, Trouble> {
        let mut nanoseconds = 0;
        for pid in self.members()? {
            for task in fs::read_dir(format!("/proc/{pid}/task"))? {
                let times = fs::read_to_string(task?.path().join("schedstat"))?;
                nanoseconds += number(&times, 0)?;
            }
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Resident memory in KiB.
    pub fn resident(self) -> Result<u64, Trouble> {
        let mut kibibytes = 0;
        for pid in self.members()? {
            let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
            kibibytes += number(line.ok_or("the kernel does not tell VmRSS")?, 0)?;
        }
        Ok(kibibytes)
    }

    /// The process and its direct children.
    pub fn members(self) -> Result<Vec<u32>, Trouble> {
        let mut members = vec![self.0];
        for entry in fs::read_dir("/proc")? {
            let name = entry?.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
            // A process may be gone by the time it is looked at; then it is not a child.
            let Ok(stat) = stat(pid) else { continue };
            if number(&stat, 1)? == u64::from(self.0) {
                members.push(pid);
            }
        }
        Ok(members)
    }
}

/// `/proc/PID/stat` after the name in parentheses: state, parent, ...; times are fields 11 and 12.
fn stat(pid: u32) -> Result<String, Trouble> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))
        .map_err(|e| format!("process {pid} is gone: {e}"))?;
    let (_, fields) = stat.rsplit_once(") ").ok_or("a stat line without a name")?;
    Ok(fields.to_owned())
}

fn number(line: &str, field: usize) -> Result<u64, Trouble> {
    let word = line.split_whitespace().nth(field).ok_or("a short line in /proc")?;
    Ok(word.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_very_process_has_memory_and_has_used_time() {
        let this = Family(std::process::id());
        assert!(this.resident().unwrap() > 100);
        let before = this.fine_cpu().unwrap();
        let sum = (0..20_000_000_u64).fold(0_u64, |sum, n| std::hint::black_box(sum ^ n));
        assert!(this.fine_cpu().unwrap() > before, "{sum}");
    }
}
