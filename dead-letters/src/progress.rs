//! Progress on standard error: a bar on a terminal, else a line every five seconds.

use std::cell::Cell;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// The time between two lines.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// The progress of one command on one queue.
#[derive(Debug)]
pub(super) struct Progress {
    verb: &'static str,
    begun: Instant,
    total: u64,
    done: Cell<u64>,
    printed_at: Cell<Instant>,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// `total` is an estimate.
    pub(super) fn new(verb: &'static str, total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            // The template is a constant. If it cannot be parsed, the default bar is shown.
            let style = ProgressStyle::with_template(
                "{msg} {wide_bar} {human_pos} of {human_len}, {per_sec}, {eta} left",
            )
            .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(total).with_style(style).with_message(verb)
        });
        let now = Instant::now();
        Self {
            verb,
            begun: now,
            total,
            done: Cell::new(0),
            printed_at: Cell::new(now),
            bar,
        }
    }

    /// Adds to the count.
    pub(super) fn add(&self, count: u64) {
        self.set(self.done.get() + count);
    }

    /// Sets the count.
    pub(super) fn set(&self, done: u64) {
        self.done.set(done);
        if let Some(bar) = &self.bar {
            bar.set_length(self.total.max(done));
            bar.set_position(done);
        } else if self.printed_at.get().elapsed() >= LINE_EVERY {
            self.printed_at.set(Instant::now());
            eprintln!(
                "{}",
                format_line(self.verb, done, self.total, self.begun.elapsed())
            );
        }
    }

    /// Prints a line above the bar.
    pub(super) fn print(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }

    /// Removes the bar.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn format_line(verb: &str, done: u64, total: u64, elapsed: Duration) -> String {
    let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = done.saturating_mul(1000) / milliseconds;
    let left = total.saturating_sub(done).checked_div(rate);
    let left = left.map_or_else(|| "unknown time".to_owned(), |seconds| format!("{seconds} s"));
    format!("{verb} {done} of about {total}, {rate}/s, {left} left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_count_rate_and_time_left() {
        let line = |done, total, seconds| format_line("replayed", done, total, Duration::from_secs(seconds));
        insta::assert_snapshot!([line(1200, 5000, 2), line(0, 5000, 5), line(60, 50, 5)].join("\n"), @r"
        replayed 1200 of about 5000, 600/s, 6 s left
        replayed 0 of about 5000, 0/s, unknown time left
        replayed 60 of about 50, 12/s, 0 s left
        ");
    }
}
