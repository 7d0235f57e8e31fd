//! Disjoint sets (union by size, path halving).

#[derive(Default)]
pub(super) struct Union {
    parent: Vec<usize>,
    size: Vec<u32>,
}

impl Union {
    pub(super) fn grow(&mut self, count: usize) {
        self.parent = (0..count).collect();
        self.size = vec![1; count];
    }

    pub(super) fn root(&mut self, mut n: usize) -> usize {
        while self.parent[n] != n {
            self.parent[n] = self.parent[self.parent[n]];
            n = self.parent[n];
        }
        n
    }

    /// Joins two sets; false when they were one already.
    pub(super) fn join(&mut self, a: usize, b: usize) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return false;
        }
        let (large, small) = if self.size[a] >= self.size[b] { (a, b) } else { (b, a) };
        self.parent[small] = large;
        self.size[large] += self.size[small];
        true
    }
}
