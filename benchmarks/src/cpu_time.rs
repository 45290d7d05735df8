//! The processor time of a process and its descendants. Unlike a rate, it hardly depends on other load of the machine.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use proof::process_tree::{self, ProcessStat, TICKS_PER_SECOND};

/// Reads the processor time of `root` and its descendants. Returns `None` if there is no `/proc`.
pub(crate) fn read_tree(root: u32) -> Option<Duration> {
    read(root, |_| true)
}

/// Reads the processor time of the processes of one function below `root`. Returns `None` if there are none.
pub(crate) fn read_service(root: u32, function: &str) -> Option<Duration> {
    let time = read(root, |id| {
        std::fs::read(format!("/proc/{id}/cmdline")).is_ok_and(|line| runs_service(&line, function))
    })?;
    (time > Duration::ZERO).then_some(time)
}

/// Whether a command line, whose words end with a zero byte, is that of a function's process.
fn runs_service(command_line: &[u8], function: &str) -> bool {
    command_line.ends_with(format!("\0service\0{function}\0").as_bytes())
}

/// The processor time of `root` and its descendants, summed over their threads in nanoseconds: a tick is more than an idle
/// system takes in a minute. Time of a thread after the last [`Threads::sample`] before its end is missed.
#[derive(Debug)]
pub(crate) struct Threads {
    root: u32,
    /// The nanoseconds of each thread, by its path: at the begin, and when it was last seen.
    times: HashMap<PathBuf, (u64, u64)>,
}

impl Threads {
    /// Begins to measure. Returns `None` if there is no `/proc`.
    pub(crate) fn begin(root: u32) -> Option<Self> {
        let times = HashMap::new();
        let mut threads = Self { root, times };
        threads.sample()?;
        for (begin, last) in threads.times.values_mut() {
            *begin = *last;
        }
        Some(threads)
    }

    /// Reads the times. Returns `None` if the process has ended.
    pub(crate) fn sample(&mut self) -> Option<()> {
        for id in read_processes(self.root)?.keys() {
            for thread in std::fs::read_dir(format!("/proc/{id}/task"))
                .into_iter()
                .flatten()
            {
                let path = thread.ok()?.path();
                let schedstat = std::fs::read_to_string(path.join("schedstat"));
                if let Some(time) = schedstat.ok().as_deref().and_then(first_number) {
                    self.times.entry(path).or_default().1 = time;
                }
            }
        }
        Some(())
    }

    /// The processor time since the begin.
    pub(crate) fn total(&self) -> Duration {
        Duration::from_nanos(self.times.values().map(|(begin, last)| last - begin).sum())
    }
}

/// The time on a processor, in nanoseconds. Source: the kernel's documentation of `/proc/PID/schedstat`.
fn first_number(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().next()?.parse().ok()
}

/// Reads `root` and its descendants. Returns `None` if `root` does not run.
fn read_processes(root: u32) -> Option<HashMap<u32, ProcessStat>> {
    process_tree::read_tree(root, ProcessStat::read, |process| process.parent)
}

fn read(root: u32, is_wanted: impl Fn(u32) -> bool) -> Option<Duration> {
    let ticks: u64 = read_processes(root)?
        .iter()
        .filter(|(id, _)| is_wanted(**id))
        .map(|(_, process)| process.ticks + process.ticks_of_children)
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "2^53 ticks are three million years")]
    Some(Duration::from_secs_f64(ticks as f64 / TICKS_PER_SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_thread_that_has_ended_counts() {
        let mut threads = Threads::begin(std::process::id()).unwrap();
        let (has_worked, wait) = std::sync::mpsc::channel();
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let worker = std::thread::spawn(move || {
            let begun = std::time::Instant::now();
            while begun.elapsed() < Duration::from_millis(5) {}
            has_worked.send(()).unwrap();
            finished.recv().unwrap();
        });
        wait.recv().unwrap();
        threads.sample().unwrap();
        let total = threads.total();
        assert!(total > Duration::ZERO);
        finish.send(()).unwrap();
        worker.join().unwrap();
        threads.sample().unwrap();
        assert!(threads.total() >= total);
    }

    #[test]
    fn a_process_is_found_by_its_function() {
        let line = b"/target/benchmarks\0service\0order-worker\0";
        assert!(runs_service(line, "order-worker"));
        assert!(!runs_service(line, "worker") && !runs_service(line, "order-api"));
    }
}
