//! The progress of a load: bars on a terminal, else a line every five seconds.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::run::Run;

/// The pause between two updates of the bars.
const TICK: Duration = Duration::from_millis(100);
/// The pause between two lines.
const LINE: Duration = Duration::from_secs(5);

/// Shows the run's progress until the future is dropped.
pub(super) async fn show(run: &Run<'_>) {
    if std::io::stderr().is_terminal() {
        show_bars(run).await;
    } else {
        print_lines(run).await;
    }
}

async fn print_lines(run: &Run<'_>) {
    loop {
        tokio::time::sleep(LINE).await;
        eprintln!("{}", format_line(run));
    }
}

/// The progress in one line.
fn format_line(run: &Run<'_>) -> String {
    let measurements = run.measurements.borrow();
    format!(
        "{:>4} s  {} of {} accepted, {} confirmed, {} notified, {} cancelled, {} retries",
        run.started.elapsed().as_secs(),
        measurements.accepted,
        run.count,
        measurements.confirmed,
        measurements.notified,
        measurements.cancelled,
        run.system.retries()
    )
}

async fn show_bars(run: &Run<'_>) {
    let all = MultiProgress::new();
    let [accepted, confirmed, notified] =
        ["accepted", "confirmed", "notified"].map(|name| all.add(new_bar(name, run.count)));
    let _clear_at_the_end = Clear(all);
    loop {
        {
            let measurements = run.measurements.borrow();
            accepted.set_position(measurements.accepted);
            confirmed.set_position(measurements.confirmed);
            notified.set_position(measurements.notified);
        }
        tokio::time::sleep(TICK).await;
    }
}

fn new_bar(name: &'static str, count: u64) -> ProgressBar {
    // The template is a constant. If it cannot be parsed, the default bar is shown.
    let style = ProgressStyle::with_template("{prefix:>9} {wide_bar} {pos}/{len} {per_sec} {eta:>4}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(count).with_style(style).with_prefix(name)
}

/// Removes the bars when it is dropped, before the report is printed.
struct Clear(MultiProgress);

impl Drop for Clear {
    fn drop(&mut self) {
        // The terminal may have been closed.
        let _ = self.0.clear();
    }
}
