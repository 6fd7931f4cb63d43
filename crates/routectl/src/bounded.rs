//! A map that holds so many entries, and so much in them, for so long: what was put first leaves first.

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
    /// What all entries weigh, and may weigh at most.
    weight: u64,
    heaviest: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    weight: u64,
    put: u64,
    at: Instant,
}

impl<K: Clone + Eq + Hash, V> Bounded<K, V> {
    /// An empty one.
    pub fn new(most: usize, age: Duration) -> Self {
        let (entries, order) = (HashMap::new(), VecDeque::new());
        Self { entries, order, puts: 0, most, age, weight: 0, heaviest: u64::MAX }
    }

    /// Holds so many entries of so much weight for so long from now on.
    pub fn limit(&mut self, most: usize, heaviest: u64, age: Duration) {
        (self.most, self.heaviest, self.age) = (most, heaviest, age);
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a key that is not too old.
    pub fn get(&self, key: &K, now: Instant) -> Option<&V> {
        let entry = self.entries.get(key)?;
        self.is_young(entry.at, now).then_some(&entry.value)
    }

    /// Puts a value, from now on for its whole age.
    pub fn put(&mut self, key: K, value: V, now: Instant) {
        self.put_weighing((key, 0), value, now);
    }

    /// The same for a value that weighs something.
    pub fn put_weighing(&mut self, (key, weight): (K, u64), value: V, now: Instant) {
        self.puts += 1;
        let put = self.puts;
        let before = self.entries.insert(key.clone(), Entry { value, weight, put, at: now });
        self.weight = self.weight - before.map_or(0, |before| before.weight) + weight;
        self.order.push_back((key, put));
        if self.order.len() > 2 * self.most {
            let Self { order, entries, .. } = self;
            order.retain(|(key, put)| entries.get(key).is_some_and(|entry| entry.put == *put));
        }
        while let Some((key, put)) = self.order.front() {
            let entry = self.entries.get(key).filter(|entry| entry.put == *put);
            let is_young = entry.is_some_and(|entry| self.is_young(entry.at, now));
            if is_young && self.entries.len() <= self.most && self.weight <= self.heaviest {
                break;
            }
            if entry.is_some() {
                self.weight -= self.entries.remove(key).map_or(0, |entry| entry.weight);
            }
            self.order.pop_front();
        }
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
    fn it_never_weighs_more_than_it_may() {
        let now = Instant::now();
        let mut map = Bounded::new(9, Duration::from_secs(10));
        map.limit(9, 10, Duration::from_secs(10));
        for (key, weight) in [("a", 4), ("b", 4), ("a", 5), ("c", 2), ("d", 11), ("e", 3)] {
            map.put_weighing((key, weight), weight, now);
            let weight: u64 = map.entries.values().map(|entry| entry.weight).sum();
            assert_eq!(map.weight, weight, "{key}");
            assert!(map.weight <= 10, "{key}");
        }
        let held = ["a", "b", "c", "d", "e"].map(|key| map.get(&key, now).copied());
        assert_eq!(held, [None, None, None, None, Some(3)]);
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
