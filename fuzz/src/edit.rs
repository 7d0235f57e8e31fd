//! Edits of good documents: what a fuzzer cannot guess (signatures, checksums) stays, the rest moves.

/// Takes numbers off an input; zero when it is used up.
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// One byte.
    pub fn byte(&mut self) -> usize {
        self.number(1)
    }

    /// A number of `width` bytes, big-endian.
    pub fn number(&mut self, width: usize) -> usize {
        self.take(width).iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
    }

    /// At most `most` bytes.
    pub fn take(&mut self, most: usize) -> &'a [u8] {
        let (head, tail) = self.0.split_at(most.min(self.0.len()));
        self.0 = tail;
        head
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// `good` with one edit: a byte or bit changed, bytes put in, cut out, or copied from `other`.
pub fn edit(good: &mut Vec<u8>, other: &[u8], edits: &mut Bytes<'_>) {
    let (kind, at) = (edits.byte(), edits.number(2) % (good.len() + 1));
    let length = edits.byte();
    match kind % 6 {
        0 => {
            if let Some(byte) = good.get_mut(at) {
                *byte = length as u8;
            }
        }
        1 => {
            if let Some(byte) = good.get_mut(at) {
                *byte ^= 1 << (length % 8);
            }
        }
        2 => drop(good.splice(at..at, edits.take(length).iter().copied())),
        3 => drop(good.drain(at..(at + length).min(good.len()))),
        4 => good.truncate(at),
        _ => {
            let from = edits.number(2) % (other.len() + 1);
            let copied = &other[from..(from + length).min(other.len())];
            let end = (at + copied.len()).min(good.len());
            good.splice(at..end, copied.iter().copied());
        }
    }
}
