//! A map that holds so many entries for so long: what came first leaves first.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::{Duration, Instant};

/// So many entries for so long.
#[derive(Debug)]
pub struct Bounded<K, V> {
    entries: HashMap<K, Entry<V>>,
    /// Keys in the order in which they were put, each with the number of its putting: a key that
    /// was put again is elsewhere by now.
    order: VecDeque<(K, u64)>,
    puts: u64,
    most: usize,
    age: Duration,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    put: u64,
    at: Instant,
}

impl<K: Clone + Eq + Hash, V> Bounded<K, V> {
    /// An empty one.
    pub fn new(most: usize, age: Duration) -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new(), puts: 0, most, age }
    }

    /// The value of a key that is not too old.
    pub fn get(&self, key: &K, now: Instant) -> Option<&V> {
        let entry = self.entries.get(key)?;
        self.is_young(entry.at, now).then_some(&entry.value)
    }

    /// Puts a value, from now on for its whole age.
    pub fn put(&mut self, key: K, value: V, now: Instant) {
        self.puts += 1;
        let put = self.puts;
        self.entries.insert(key.clone(), Entry { value, put, at: now });
        self.order.push_back((key, put));
        if self.order.len() > 2 * self.most {
            let Self { order, entries, .. } = self;
            order.retain(|(key, put)| entries.get(key).is_some_and(|entry| entry.put == *put));
        }
        while let Some((key, put)) = self.order.front() {
            let entry = self.entries.get(key).filter(|entry| entry.put == *put);
            let is_young = entry.is_some_and(|entry| self.is_young(entry.at, now));
            if is_young && self.entries.len() <= self.most {
                break;
            }
            if entry.is_some() {
                self.entries.remove(key);
            }
            self.order.pop_front();
        }
    }

    /// Forgets what came first, if there is anything.
    pub fn forget_first(&mut self) -> bool {
        while let Some((key, put)) = self.order.pop_front() {
            if self.entries.get(&key).is_some_and(|entry| entry.put == put) {
                return self.entries.remove(&key).is_some();
            }
        }
        false
    }

    fn is_young(&self, at: Instant, now: Instant) -> bool {
        now.saturating_duration_since(at) < self.age
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_first_leaves_first() {
        let now = Instant::now();
        let mut map = Bounded::new(2, Duration::from_secs(10));
        map.put("a", 1, now);
        map.put("b", 2, now);
        map.put("a", 3, now);
        map.put("c", 4, now);
        let held = ["a", "b", "c"].map(|key| map.get(&key, now).copied());
        assert_eq!(held, [Some(3), None, Some(4)]);
    }

    #[test]
    fn what_is_old_is_not_there() {
        let now = Instant::now();
        let mut map = Bounded::new(9, Duration::from_secs(10));
        map.put("a", 1, now);
        assert_eq!(map.get(&"a", now + Duration::from_secs(9)), Some(&1));
        assert_eq!(map.get(&"a", now + Duration::from_secs(10)), None);
        map.put("b", 2, now + Duration::from_secs(11));
        assert_eq!(map.entries.len(), 1);
    }

    #[test]
    fn it_never_grows_beyond_its_bounds() {
        let now = Instant::now();
        let mut map = Bounded::new(3, Duration::from_secs(10));
        for turn in 0..1_000_u32 {
            map.put(turn % 7 + 1, turn, now);
            map.put(0, turn, now);
            assert!(map.entries.len() <= 3 && map.order.len() <= 6, "{turn}");
            assert_eq!(map.get(&(turn % 7 + 1), now), Some(&turn));
        }
        assert_eq!(map.get(&0, now), Some(&999));
    }
}
