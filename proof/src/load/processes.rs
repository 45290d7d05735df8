//! The processes of a system on this machine: their processor time and memory, read from `/proc` (proc(5)).

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

/// The time between two samples.
const INTERVAL: Duration = Duration::from_millis(500);
/// The ticks of a second in `/proc`: 100 on every supported architecture of Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// The use of processors and memory by the processes of one name.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Usage {
    /// The processors that they kept busy since the sample before, on average.
    pub(super) processors: f64,
    /// Their resident memory, in bytes. Memory that processes share counts for each.
    pub(super) memory: u64,
}

/// The processes at a moment, by the name of their function, or `up`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample {
    /// Since the start of the load.
    pub(super) at: Duration,
    pub(super) usage: BTreeMap<String, Usage>,
}

/// One process.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Process {
    parent: u32,
    ticks: u64,
    memory: u64,
    name: String,
}

/// Samples the processes below `root` until the future is dropped, or until they have ended.
pub(super) async fn watch(root: u32, started: Instant, add: impl Fn(Sample)) {
    let mut before = (Instant::now(), read(root));
    while let Some(known) = &before.1 {
        tokio::time::sleep(INTERVAL).await;
        let now = Instant::now();
        let Some(processes) = read(root) else {
            // Also a system that starts again: its new processes are not followed.
            break;
        };
        let usage = compare(known, &processes, now - before.0);
        let at = now - started;
        add(Sample { at, usage });
        before = (now, Some(processes));
    }
    std::future::pending::<()>().await;
}

/// The use by the processes since they were read before. Those that have ended meanwhile are left out.
fn compare(
    before: &HashMap<u32, Process>,
    now: &HashMap<u32, Process>,
    time: Duration,
) -> BTreeMap<String, Usage> {
    let mut all: BTreeMap<String, Usage> = BTreeMap::new();
    for (id, process) in now {
        let earlier = before.get(id).map_or(0, |process| process.ticks);
        #[expect(clippy::cast_precision_loss, reason = "2^53 ticks are three million years")]
        let seconds = process.ticks.saturating_sub(earlier) as f64 / TICKS_PER_SECOND;
        let usage = all.entry(process.name.clone()).or_default();
        usage.processors += seconds / time.as_secs_f64().max(f64::MIN_POSITIVE);
        usage.memory += process.memory;
    }
    all
}

/// Reads `root` and its descendants. None if there is no `/proc`, or no such process.
fn read(root: u32) -> Option<HashMap<u32, Process>> {
    let entries = std::fs::read_dir("/proc").ok()?;
    let mut all: HashMap<u32, Process> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let id = entry.file_name().to_str()?.parse().ok()?;
            Some((id, read_one(&entry.path())?))
        })
        .collect();
    "up".clone_into(&mut all.get_mut(&root)?.name);
    let ids: Vec<u32> = all.keys().copied().collect();
    let others = ids.into_iter().filter(|id| !descends(*id, root, &all));
    let others: Vec<u32> = others.collect();
    for id in others {
        all.remove(&id);
    }
    Some(all)
}

fn read_one(directory: &Path) -> Option<Process> {
    let read = |name: &str| std::fs::read(directory.join(name)).ok();
    let text = |name: &str| Some(String::from_utf8_lossy(&read(name)?).into_owned());
    parse(&text("stat")?, &text("status")?, &text("cmdline")?)
}

/// Reads fields 4, 14 and 15 of `stat`, `VmRSS` of `status`, and the name of a function after the word `service` of the command line.
fn parse(stat: &str, status: &str, command: &str) -> Option<Process> {
    // The name in brackets may contain any characters.
    let (before, after) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = after.split_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes: u64 = resident
        .and_then(|value| value.split_whitespace().next()?.parse().ok())
        .unwrap_or_default();
    let mut words = command.split('\0').skip_while(|word| *word != "service").skip(1);
    let name = words.next().filter(|word| !word.is_empty());
    let program = before.split_once('(').map_or("", |(_, name)| name);
    Some(Process {
        parent: u32::try_from(number(4)?).ok()?,
        ticks: number(14)? + number(15)?,
        memory: kilobytes * 1024,
        name: name.unwrap_or(program).to_owned(),
    })
}

fn descends(mut id: u32, root: u32, processes: &HashMap<u32, Process>) -> bool {
    while id != root {
        match processes.get(&id) {
            // The first process has no parent.
            Some(process) if process.parent != 0 => id = process.parent,
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(parent: u32, ticks: u64, name: &str) -> Process {
        Process {
            parent,
            ticks,
            memory: 1024,
            name: name.to_owned(),
        }
    }

    #[test]
    fn the_files_of_a_process_are_parsed() {
        let stat = "7 (a ) b) S 3 7 7 0 -1 4194560 1 2 3 4 10 20 30 40 20 0 1 0";
        let status = "Name:\ta\nVmRSS:\t    2 kB\n";
        let memory = 2048;
        let function = parse(stat, status, "/bin/orderctl\0service\0order-worker\0").unwrap();
        assert_eq!(
            function,
            Process {
                memory,
                ..process(3, 30, "order-worker")
            }
        );
        assert_eq!(parse(stat, "", "/bin/orderctl\0up\0").unwrap().name, "a ) b");
        assert_eq!(parse("7", status, ""), None);
    }

    #[test]
    fn the_processes_of_a_function_are_added_up() {
        let before = HashMap::from([(1, process(0, 100, "up")), (2, process(1, 50, "order-api"))]);
        let now = HashMap::from([
            (1, process(0, 150, "up")),
            (2, process(1, 60, "order-api")),
            (3, process(1, 40, "order-api")),
        ]);
        let usage = compare(&before, &now, Duration::from_millis(500));
        let of = |processors, memory| Usage { processors, memory };
        assert_eq!(
            usage,
            BTreeMap::from([
                ("up".to_owned(), of(1.0, 1024)),
                ("order-api".to_owned(), of(1.0, 2048))
            ])
        );
    }

    #[test]
    fn only_descendants_are_read() {
        let all = HashMap::from([
            (1, process(0, 1, "")),
            (2, process(1, 1, "")),
            (3, process(2, 1, "")),
            (4, process(1, 1, "")),
        ]);
        assert_eq!(
            [1, 2, 3, 4, 5].map(|id| descends(id, 2, &all)),
            [false, true, true, false, false]
        );
    }

    #[test]
    fn this_process_can_be_read_where_there_is_a_proc() {
        let found = read(std::process::id());
        assert_eq!(found.is_some(), Path::new("/proc/self/stat").exists());
    }
}
