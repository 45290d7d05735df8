//! Packs items into batches that keep two limits: items and bytes.

use std::ops::Range;

/// Cuts a list of items, given by their sizes in bytes, into consecutive batches of at most `max_items` items and
/// `max_bytes` bytes. An item that is over the limit by itself gets a batch of its own.
#[must_use]
pub fn pack(sizes: &[usize], max_items: usize, max_bytes: usize) -> Vec<Range<usize>> {
    let mut batches = Vec::new();
    let mut start = 0;
    let mut bytes = 0_usize;
    for (index, size) in sizes.iter().enumerate() {
        if index > start && (index - start >= max_items || bytes.saturating_add(*size) > max_bytes) {
            batches.push(start..index);
            start = index;
            bytes = 0;
        }
        bytes = bytes.saturating_add(*size);
    }
    if start < sizes.len() {
        batches.push(start..sizes.len());
    }
    batches
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn batches_cover_everything_once_in_order_within_the_limits(sizes in prop::collection::vec(0..60_usize, 0..60)) {
            let batches = pack(&sizes, 10, 100);
            prop_assert_eq!(batches.iter().cloned().flatten().collect::<Vec<_>>(), (0..sizes.len()).collect::<Vec<_>>());
            for batch in &batches {
                prop_assert!((1..=10).contains(&batch.len()));
                prop_assert!(sizes[batch.clone()].iter().sum::<usize>() <= 100);
            }
            // A batch ends only where the next item would not fit.
            for pair in batches.windows(2) {
                let bytes: usize = sizes[pair[0].clone()].iter().sum();
                prop_assert!(pair[0].len() == 10 || bytes + sizes[pair[1].start] > 100);
            }
        }
    }

    #[test]
    fn an_item_over_the_limit_stands_alone() {
        assert_eq!(pack(&[1, 200, 1], 10, 100), [0..1, 1..2, 2..3]);
    }
}
