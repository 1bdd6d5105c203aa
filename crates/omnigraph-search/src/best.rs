//! The k best rows, with everything that ties with the last of them.
//!
//! Rows that tie are told apart by something only the caller knows: further order items, then identity. So no tie is
//! broken here; the caller orders what it gets and cuts at k.

/// Which end of the scores is the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Small scores first: distances.
    Ascending,
    /// Great scores first: relevance.
    Descending,
}

/// A row and its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Which data file the row is in, by the caller's count.
    pub part: u32,
    /// The row in that file.
    pub row: u32,
    /// Score or distance.
    pub score: f64,
}

/// Collects hits and forgets those that cannot be among the k best.
#[derive(Clone, Debug)]
pub struct Best {
    k: usize,
    order: Order,
    hits: Vec<Hit>,
    /// The score of the k-th best hit at the last look.
    border: Option<f64>,
    /// How many hits may gather before the next look.
    room: usize,
}

/// The fewest hits that are worth a look for those that can be forgotten.
const LEAST_ROOM: usize = 256;

impl Best {
    /// A collector of the `k` best hits.
    #[must_use]
    pub fn new(k: usize, order: Order) -> Self {
        Self { k, order, hits: Vec::new(), border: None, room: k.saturating_mul(2).max(LEAST_ROOM) }
    }

    /// Takes a hit into account. A score that is not a number is no score.
    pub fn offer(&mut self, hit: Hit) {
        let beyond = self.border.is_some_and(|border| match self.order {
            Order::Ascending => hit.score > border,
            Order::Descending => hit.score < border,
        });
        if beyond || self.k == 0 || hit.score.is_nan() {
            return;
        }
        // Minus zero would not tie with zero.
        self.hits.push(Hit { score: hit.score + 0.0, ..hit });
        if self.hits.len() >= self.room {
            self.forget();
            // Ties cannot be forgotten: the next look has to be worth its time also where all hits tie.
            self.room = self.room.max(self.hits.len() * 2);
        }
    }

    /// Takes the hits of another collector of the same kind into account.
    pub fn merge(&mut self, other: Self) {
        other.hits.into_iter().for_each(|hit| self.offer(hit));
    }

    /// The k best hits and all that tie with the last of them, best first; hits that tie by part and row.
    #[must_use]
    pub fn finish(mut self) -> Vec<Hit> {
        self.forget();
        let order = self.order;
        self.hits.sort_unstable_by(|a, b| compare(order, a, b).then_with(|| (a.part, a.row).cmp(&(b.part, b.row))));
        self.hits
    }

    fn forget(&mut self) {
        let order = self.order;
        if self.k == 0 || self.hits.len() <= self.k {
            return;
        }
        let (_, border, _) = self.hits.select_nth_unstable_by(self.k - 1, |a, b| compare(order, a, b));
        let border = *border;
        self.border = Some(border.score);
        self.hits.retain(|hit| compare(order, hit, &border).is_le());
    }
}

fn compare(order: Order, a: &Hit, b: &Hit) -> std::cmp::Ordering {
    match order {
        Order::Ascending => a.score.total_cmp(&b.score),
        Order::Descending => b.score.total_cmp(&a.score),
    }
}
