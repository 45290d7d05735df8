//! Showing how far a load is: bars on a terminal, a line every few seconds elsewhere.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::run::Run;

/// The pause between two looks at a bar.
const TICK: Duration = Duration::from_millis(100);
/// The pause between two lines.
const LINE: Duration = Duration::from_secs(5);

/// Shows the run's progress until it is dropped.
pub(super) async fn show(run: &Run<'_>) {
    if std::io::stderr().is_terminal() {
        bars(run).await;
    } else {
        lines(run).await;
    }
}

async fn lines(run: &Run<'_>) {
    loop {
        tokio::time::sleep(LINE).await;
        eprintln!("{}", line(run));
    }
}

/// Where the run stands, in one line.
fn line(run: &Run<'_>) -> String {
    let tally = run.tally.borrow();
    format!(
        "{:>4} s  {} of {} accepted, {} confirmed, {} notified, {} tries again",
        run.started.elapsed().as_secs(),
        tally.accepted,
        run.count,
        tally.confirmed,
        tally.notified,
        run.system.retries()
    )
}

async fn bars(run: &Run<'_>) {
    let all = MultiProgress::new();
    let [accepted, confirmed, notified] =
        ["accepted", "confirmed", "notified"].map(|name| all.add(bar(name, run.count)));
    let _gone_at_the_end = Clear(all);
    loop {
        {
            let tally = run.tally.borrow();
            accepted.set_position(tally.accepted);
            confirmed.set_position(tally.confirmed);
            notified.set_position(tally.notified);
        }
        tokio::time::sleep(TICK).await;
    }
}

fn bar(name: &'static str, count: u64) -> ProgressBar {
    // The template is a constant; were it wrong, the usual style would do.
    let style = ProgressStyle::with_template("{prefix:>9} {wide_bar} {pos}/{len} {per_sec} {eta:>4}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(count).with_style(style).with_prefix(name)
}

/// Removes the bars, below which the report is printed.
struct Clear(MultiProgress);

impl Drop for Clear {
    fn drop(&mut self) {
        // A terminal that is gone does not matter any more.
        let _ = self.0.clear();
    }
}
