//! Examples drawn ahead on threads, in an order that does not depend on how many there are.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use super::source::{Example, Source, example_seed};

/// Examples that each thread may be ahead.
const AHEAD: usize = 3;

/// An endless stream of training examples.
#[derive(Debug)]
pub struct Feed {
    lanes: Vec<Receiver<Example>>,
    next: usize,
}

impl Feed {
    /// Starts drawing at example `first`. Threads end when the feed is dropped.
    pub fn start(source: &Arc<dyn Source>, seed: u64, first: u64, threads: usize) -> Self {
        let lanes = (0..threads as u64).map(|lane| {
            let (sender, receiver) = sync_channel(AHEAD);
            let source = Arc::clone(source);
            thread::spawn(move || {
                let mut index = first + lane;
                while sender.send(source.example(example_seed(seed, "training", index))).is_ok() {
                    index += threads as u64;
                }
            });
            receiver
        });
        Self { lanes: lanes.collect(), next: 0 }
    }

    /// The next `n` examples; fewer only if a thread died.
    pub fn take(&mut self, n: usize) -> Vec<Example> {
        let mut examples = Vec::with_capacity(n);
        while examples.len() < n {
            let Some(example) = self.lanes.get(self.next).and_then(|lane| lane.recv().ok()) else { break };
            examples.push(example);
            self.next = (self.next + 1) % self.lanes.len();
        }
        examples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Seeds;

    impl Source for Seeds {
        fn example(&self, seed: u64) -> Example {
            Example {
                size: [0; 3],
                image: vec![],
                mirror: vec![],
                labels: seed.to_le_bytes().to_vec(),
                classes: vec![],
                healthy: true,
            }
        }
    }

    #[test]
    fn order_is_the_same_for_any_number_of_threads_and_after_resuming() {
        let source: Arc<dyn Source> = Arc::new(Seeds);
        let one = Feed::start(&source, 5, 0, 1).take(12);
        assert_eq!(Feed::start(&source, 5, 0, 3).take(12), one);
        assert_eq!(Feed::start(&source, 5, 4, 2).take(8), one[4..]);
        assert_ne!(Feed::start(&source, 6, 0, 1).take(1), one[..1]);
    }
}
