//! The processes of a system on this machine: their processor time and memory, read from `/proc` (proc(5)).

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use crate::process_tree::{ProcessStat, TICKS_PER_SECOND, read_tree};

/// The time between two samples.
const INTERVAL: Duration = Duration::from_millis(500);

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

/// Processes by their ids.
type Processes = HashMap<u32, Process>;

/// One process.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Process {
    parent: u32,
    ticks: u64,
    memory: u64,
    name: String,
}

/// Samples the processes of the system until the future is dropped, or not at all without a process at the start. `find` returns the id of
/// the process that runs the system now, which may end and start again as another one.
pub(super) async fn watch(find: impl Fn() -> Option<u32>, started: Instant, add: impl Fn(Sample)) {
    if let Some(mut watched) = find().and_then(|root| Watched::new(root, read)) {
        let mut before = Instant::now();
        loop {
            tokio::time::sleep(INTERVAL).await;
            let now = Instant::now();
            let usage = watched.sample(now - before, read, &find);
            let at = now - started;
            add(Sample { at, usage });
            before = now;
        }
    }
}

/// The processes of one system.
struct Watched {
    /// The process that runs the system, or that ran it last.
    root: u32,
    /// The processes at the last sample; `None` if the system was not running.
    known: Option<Processes>,
}

impl Watched {
    /// None if there is no such process.
    fn new(root: u32, read: impl Fn(u32) -> Option<Processes>) -> Option<Self> {
        let known = Some(read(root)?);
        Some(Self { root, known })
    }

    /// The use since the last sample. It is empty if the system was away at the beginning or at the end of that time.
    fn sample(
        &mut self,
        time: Duration,
        read: impl Fn(u32) -> Option<Processes>,
        find: impl Fn() -> Option<u32>,
    ) -> BTreeMap<String, Usage> {
        let now = read(self.root);
        let usage = match (&self.known, &now) {
            (Some(known), Some(now)) => compare(known, now, time),
            _ => BTreeMap::new(),
        };
        self.known = now.or_else(|| {
            self.root = find()?;
            read(self.root)
        });
        usage
    }
}

/// The use by the processes since they were read before. Those that have ended meanwhile are left out.
fn compare(before: &Processes, now: &Processes, time: Duration) -> BTreeMap<String, Usage> {
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

/// Reads `root`, which is `up`, and its descendants. None if there is no `/proc`, or no such process.
fn read(root: u32) -> Option<Processes> {
    let mut all = read_tree(root, read_one, |process: &Process| process.parent)?;
    "up".clone_into(&mut all.get_mut(&root)?.name);
    Some(all)
}

fn read_one(directory: &Path) -> Option<Process> {
    let read = |name: &str| std::fs::read(directory.join(name)).ok();
    let text = |name: &str| Some(String::from_utf8_lossy(&read(name)?).into_owned());
    parse(ProcessStat::read(directory)?, &text("status")?, &text("cmdline")?)
}

/// Reads `VmRSS` of `status`, and the name of a function after the word `service` of the command line. None if the process has ended: it has
/// no memory and uses no processor.
fn parse(stat: ProcessStat, status: &str, command: &str) -> Option<Process> {
    if stat.has_ended {
        return None;
    }
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes: u64 = resident
        .and_then(|value| value.split_whitespace().next()?.parse().ok())
        .unwrap_or_default();
    let mut words = command.split('\0').skip_while(|word| *word != "service").skip(1);
    let name = words.next().filter(|word| !word.is_empty());
    Some(Process {
        parent: stat.parent,
        ticks: stat.ticks,
        memory: kilobytes * 1024,
        name: name.map_or(stat.program, str::to_owned),
    })
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
        let parse = |stat: &str, status, command| parse(ProcessStat::parse(stat)?, status, command);
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
        assert_eq!(parse(&stat.replace(") S", ") Z"), "", ""), None);
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
    fn a_system_that_starts_again_is_found_after_a_gap() {
        let system = |id: u32, ticks: u64| (id, HashMap::from([(id, process(0, ticks, "up"))]));
        let half = Duration::from_millis(500);
        let busy = |processors| {
            BTreeMap::from([(
                "up".to_owned(),
                Usage {
                    processors,
                    memory: 1024,
                },
            )])
        };
        let mut watched = Watched::new(1, |_| Some(system(1, 100).1)).unwrap();
        // The process that runs, the one that the lock names, and what is sampled.
        for (running, named, expected) in [
            (Some(system(1, 150)), Some(1), busy(1.0)),
            (None, None, BTreeMap::new()),
            (None, None, BTreeMap::new()),
            (Some(system(2, 40)), Some(2), BTreeMap::new()),
            (Some(system(2, 65)), Some(2), busy(0.5)),
        ] {
            let read = |root| {
                running
                    .clone()
                    .filter(|(id, _)| *id == root)
                    .map(|(_, processes)| processes)
            };
            assert_eq!(watched.sample(half, read, || named), expected);
        }
        assert!(Watched::new(1, |_| None).is_none());
    }

    #[test]
    fn this_process_can_be_read_where_there_is_a_proc() {
        let found = read(std::process::id());
        assert_eq!(found.is_some(), Path::new("/proc/self/stat").exists());
    }
}
