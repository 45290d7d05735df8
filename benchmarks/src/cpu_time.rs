//! Processor time of a process and all that it started: unlike a rate, it hardly depends on what else the machine does.

use std::collections::HashMap;
use std::time::Duration;

/// Ticks of a second in `/proc`: 100 on every architecture of Linux that this runs on.
const TICKS: f64 = 100.0;

/// What `/proc/PID/stat` says of one process.
struct Process {
    parent: u32,
    /// Its own ticks and those of its children that have ended.
    ticks: u64,
}

/// The time that `root` and its descendants have had; none where there is no `/proc`.
pub(crate) fn of_tree(root: u32) -> Option<Duration> {
    let processes: HashMap<u32, Process> = std::fs::read_dir("/proc")
        .ok()?
        .filter_map(|entry| {
            let id = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            Some((id, parse(&stat)?))
        })
        .collect();
    processes.get(&root)?;
    let ticks: u64 = processes
        .iter()
        .filter(|(id, _)| descends(**id, root, &processes))
        .map(|(_, process)| process.ticks)
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "2^53 ticks are three million years")]
    Some(Duration::from_secs_f64(ticks as f64 / TICKS))
}

/// Fields 4 and 14 to 17 of proc(5); the name before them is in brackets and may hold anything.
fn parse(stat: &str) -> Option<Process> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    Some(Process {
        parent: u32::try_from(number(4)?).ok()?,
        ticks: number(14)? + number(15)? + number(16)? + number(17)?,
    })
}

fn descends(mut id: u32, root: u32, processes: &HashMap<u32, Process>) -> bool {
    while id != root {
        match processes.get(&id) {
            // The first process is its own end.
            Some(process) if process.parent != 0 => id = process.parent,
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_proc_is_read() {
        let line = "7 (a ) b) S 3 7 7 0 -1 4194560 1 2 3 4 10 20 30 40 20 0 1 0";
        let process = parse(line).unwrap();
        assert_eq!((process.parent, process.ticks), (3, 100));
    }

    #[test]
    fn only_descendants_count() {
        let process = |parent| Process { parent, ticks: 1 };
        let all = HashMap::from([(1, process(0)), (2, process(1)), (3, process(2)), (4, process(1))]);
        let of = |id| descends(id, 2, &all);
        assert_eq!([1, 2, 3, 4, 5].map(of), [false, true, true, false, false]);
    }
}
