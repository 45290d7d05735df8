//! The processes of this machine, read from `/proc` (proc(5)).

use std::collections::HashMap;
use std::path::Path;

/// The ticks of a second in `/proc`: 100 on every supported architecture of Linux.
pub const TICKS_PER_SECOND: f64 = 100.0;

/// The facts of one process in `/proc/PID/stat`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessStat {
    /// The name of its program.
    pub program: String,
    /// Whether it has ended, and only its parent does not know yet (`Z`, `X`).
    pub has_ended: bool,
    /// The id of its parent; 0 for the first process.
    pub parent: u32,
    /// The ticks of the process itself.
    pub ticks: u64,
    /// The ticks of its children that have ended.
    pub ticks_of_children: u64,
}

impl ProcessStat {
    /// Reads the file of a process, whose directory this is.
    #[must_use]
    pub fn read(directory: &Path) -> Option<Self> {
        let stat = std::fs::read(directory.join("stat")).ok()?;
        Self::parse(&String::from_utf8_lossy(&stat))
    }

    /// Reads fields 2 to 4 and 14 to 17. The name is in brackets and may contain any characters.
    #[must_use]
    pub fn parse(stat: &str) -> Option<Self> {
        let (before, after) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = after.split_whitespace().collect();
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        Some(Self {
            program: before.split_once('(').map_or("", |(_, name)| name).to_owned(),
            has_ended: matches!(fields.first(), Some(&("Z" | "X"))),
            parent: u32::try_from(number(4)?).ok()?,
            ticks: number(14)? + number(15)?,
            ticks_of_children: number(16)? + number(17)?,
        })
    }
}

/// Reads `root` and its descendants by their ids. `read_one` reads a process from its directory, and `parent` is the id of its parent.
/// `None` if there is no `/proc`, or no such process.
pub fn read_tree<P>(
    root: u32,
    read_one: impl Fn(&Path) -> Option<P>,
    parent: impl Fn(&P) -> u32,
) -> Option<HashMap<u32, P>> {
    let mut all: HashMap<u32, P> = std::fs::read_dir("/proc")
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let id = entry.file_name().to_str()?.parse().ok()?;
            Some((id, read_one(&entry.path())?))
        })
        .collect();
    let parents: HashMap<u32, u32> = all.iter().map(|(id, process)| (*id, parent(process))).collect();
    all.retain(|id, _| descends(*id, root, &parents));
    all.contains_key(&root).then_some(all)
}

/// Whether a process is `root` or descends from it, by the parent of each.
fn descends(mut id: u32, root: u32, parents: &HashMap<u32, u32>) -> bool {
    while id != root {
        match parents.get(&id) {
            // The first process has no parent.
            Some(parent) if *parent != 0 => id = *parent,
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_file_is_parsed() {
        let stat = "7 (a ) b) S 3 7 7 0 -1 4194560 1 2 3 4 10 20 30 40 20 0 1 0";
        let process = ProcessStat::parse(stat).unwrap();
        assert_eq!((process.parent, process.ticks), (3, 30));
        assert_eq!(process.ticks + process.ticks_of_children, 100);
        assert_eq!((&*process.program, process.has_ended), ("a ) b", false));
        assert!(ProcessStat::parse(&stat.replace(") S", ") Z")).unwrap().has_ended);
        assert_eq!(ProcessStat::parse("7"), None);
    }

    #[test]
    fn only_descendants_count() {
        let parents = HashMap::from([(1, 0), (2, 1), (3, 2), (4, 1)]);
        let of = |id| descends(id, 2, &parents);
        assert_eq!([1, 2, 3, 4, 5].map(of), [false, true, true, false, false]);
    }

    #[test]
    fn this_process_can_be_read_where_there_is_a_proc() {
        let found = read_tree(std::process::id(), ProcessStat::read, |process| process.parent);
        assert_eq!(found.is_some(), Path::new("/proc/self/stat").exists());
    }
}
