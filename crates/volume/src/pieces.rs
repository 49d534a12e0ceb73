//! Connected pieces of masks.

/// Clears every voxel that is not in the largest piece of `mask` (`i` fastest, `dims` voxels); voxels that share a
/// face belong together. Of pieces of one size the first stays.
pub fn keep_largest_piece(mask: &mut [bool], dims: [usize; 3]) {
    let (mut start, mut size) = (None, 0);
    for_each_piece(mask, dims, |piece| {
        if piece.len() > size {
            (start, size) = (piece.first().copied(), piece.len());
        }
    });
    let mut kept = vec![false; mask.len()];
    if let Some(start) = start {
        fill(mask, dims, start, &mut kept, &mut Vec::with_capacity(size));
    }
    mask.copy_from_slice(&kept);
}

/// Calls `each` with the voxels of every piece of `mask` (`i` fastest, `dims` voxels) in turn; voxels that share a face
/// belong together.
pub fn for_each_piece(mask: &[bool], dims: [usize; 3], mut each: impl FnMut(&[usize])) {
    let mut seen = vec![false; mask.len()];
    let mut piece = Vec::new();
    for first in 0..mask.len() {
        if mask[first] && !seen[first] {
            fill(mask, dims, first, &mut seen, &mut piece);
            each(&piece);
        }
    }
}

/// All voxels of the piece that `first` belongs to.
fn fill(mask: &[bool], dims: [usize; 3], first: usize, seen: &mut [bool], piece: &mut Vec<usize>) {
    piece.clear();
    piece.push(first);
    seen[first] = true;
    let steps = [1, dims[0], dims[0] * dims[1]];
    let mut next = 0;
    while let Some(&i) = piece.get(next) {
        next += 1;
        for axis in 0..3 {
            let at = i / steps[axis] % dims[axis];
            let below = (at > 0).then(|| i - steps[axis]);
            let above = (at + 1 < dims[axis]).then(|| i + steps[axis]);
            for neighbour in [below, above].into_iter().flatten() {
                if mask[neighbour] && !seen[neighbour] {
                    seen[neighbour] = true;
                    piece.push(neighbour);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_piece_stays_whole_and_alone() {
        let mut two = [true, false, true, true];
        keep_largest_piece(&mut two, [4, 1, 1]);
        assert_eq!(two, [false, false, true, true]);
        // Neighbours in memory that lie on different rows.
        let mut rows = [false, true, true, false];
        keep_largest_piece(&mut rows, [2, 2, 1]);
        assert_eq!(rows, [false, true, false, false], "the first of one size");
        let mut none = [false; 8];
        keep_largest_piece(&mut none, [2, 2, 2]);
        assert!(!none.contains(&true));
    }
}
