//! The arrivals of orders over time during a load, for its page.

use std::time::Duration;

use order_core::Timestamp;

use super::processes::Sample;

/// How far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Accepted,
    Confirmed,
    Notified,
}

impl Stage {
    pub(super) const ALL: [Self; 3] = [Self::Accepted, Self::Confirmed, Self::Notified];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Confirmed => "confirmed",
            Self::Notified => "notified",
        }
    }
}

/// An order that reached a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    /// Since the start of the load.
    pub(super) at: Duration,
    pub(super) latency: Duration,
}

/// Every arrival, and the processes of the system meanwhile. An arrival takes 32 bytes of memory.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    started_at: Timestamp,
    arrivals: [Vec<Arrival>; 3],
    /// The processes, if they can be seen.
    pub(super) processes: Vec<Sample>,
}

impl Timeline {
    pub(super) fn new(started_at: Timestamp) -> Self {
        Self {
            started_at,
            arrivals: Default::default(),
            processes: Vec::new(),
        }
    }

    pub(super) fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// The arrivals at a stage, in no order.
    pub(super) fn arrivals(&self, stage: Stage) -> &[Arrival] {
        &self.arrivals[stage as usize]
    }

    /// Adds an arrival.
    pub(super) fn add(&mut self, stage: Stage, at: Duration, latency: Duration) {
        self.arrivals[stage as usize].push(Arrival { at, latency });
    }

    /// Adds an arrival at a moment of the system's clock. One before the start counts at the start.
    pub(super) fn add_at(&mut self, stage: Stage, moment: Timestamp, latency: Duration) {
        let milliseconds = moment.unix_milliseconds() - self.started_at.unix_milliseconds();
        let at = Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default());
        self.add(stage, at, latency);
    }

    /// From the start to the last arrival.
    pub(super) fn length(&self) -> Duration {
        let arrivals = self.arrivals.iter().flatten();
        arrivals.map(|arrival| arrival.at).max().unwrap_or_default()
    }
}

/// The periods into which the time of a chart is cut.
const PERIODS_MS: [u64; 14] = [
    100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000,
    3_600_000,
];
/// The most periods of a chart, so that its table can be read.
const MAX_PERIODS: u128 = 60;

/// The shortest period of which few are as long as `length`.
pub(super) fn period(length: Duration) -> Duration {
    let mut periods = PERIODS_MS.into_iter().map(Duration::from_millis);
    let fits = |period: &Duration| length.as_millis() / period.as_millis() < MAX_PERIODS;
    // A load of more than 60 hours has more periods.
    periods.find(fits).unwrap_or(Duration::from_hours(1))
}

/// The latencies of each period, sorted.
pub(super) fn by_period(arrivals: &[Arrival], period: Duration, length: Duration) -> Vec<Vec<Duration>> {
    let index = |at: Duration| usize::try_from(at.as_millis() / period.as_millis()).unwrap_or(usize::MAX);
    let mut periods = vec![Vec::new(); index(length) + 1];
    for arrival in arrivals {
        if let Some(latencies) = periods.get_mut(index(arrival.at)) {
            latencies.push(arrival.latency);
        }
    }
    for latencies in &mut periods {
        latencies.sort_unstable();
    }
    periods
}

/// A percentile of sorted latencies: the least that is not below this share of them.
pub(super) fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// The upper bounds of the bars of a histogram, in microseconds: 1, 2 and 5 times powers of ten.
fn bounds() -> impl Iterator<Item = u64> {
    (0..10).flat_map(|power| [1, 2, 5].map(|factor| factor * 10_u64.pow(power) * 100))
}

/// The numbers of latencies up to each bound, above the bound before it. Begins and ends with a bound that has some.
pub(super) fn histogram(latencies: impl Iterator<Item = Duration>) -> Vec<(Duration, u64)> {
    let mut bars: Vec<(Duration, u64)> = bounds().map(|bound| (Duration::from_micros(bound), 0)).collect();
    let last = bars.len() - 1;
    for latency in latencies {
        let index = bars.partition_point(|(bound, _)| *bound < latency).min(last);
        bars[index].1 += 1;
    }
    let first = bars.iter().position(|(_, count)| *count > 0);
    let end = bars.iter().rposition(|(_, count)| *count > 0);
    match (first, end) {
        (Some(first), Some(end)) => bars[first..=end].to_vec(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_chart_has_at_most_sixty_periods() {
        for (length, expected) in [
            (0, 100),
            (5_999, 100),
            (6_000, 200),
            (59_999, 1_000),
            (60_000, 2_000),
            (3_600_000, 120_000),
        ] {
            assert_eq!(period(ms(length)), ms(expected), "{length}");
        }
    }

    #[test]
    fn arrivals_are_sorted_into_their_periods() {
        let mut timeline = Timeline::new("2026-11-23T09:35:00.000Z".parse().unwrap());
        timeline.add(Stage::Accepted, ms(99), ms(7));
        timeline.add(Stage::Accepted, ms(100), ms(9));
        timeline.add(Stage::Accepted, ms(199), ms(8));
        timeline.add_at(
            Stage::Confirmed,
            "2026-11-23T09:35:00.250Z".parse().unwrap(),
            ms(1),
        );
        timeline.add_at(
            Stage::Confirmed,
            "2026-11-23T09:34:59.000Z".parse().unwrap(),
            ms(2),
        );
        assert_eq!(timeline.length(), ms(250));
        let of = |stage| by_period(timeline.arrivals(stage), ms(100), timeline.length());
        assert_eq!(of(Stage::Accepted), [vec![ms(7)], vec![ms(8), ms(9)], vec![]]);
        assert_eq!(of(Stage::Confirmed), [vec![ms(2)], vec![], vec![ms(1)]]);
    }

    #[test]
    fn a_percentile_is_a_latency_that_occurred() {
        let sorted: Vec<Duration> = (1..=200).map(ms).collect();
        assert_eq!(
            [0, 50, 99, 100].map(|percent| percentile(&sorted, percent)),
            [1, 100, 198, 200].map(|value| Some(ms(value)))
        );
        assert_eq!(percentile(&sorted[..1], 50), Some(ms(1)));
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn every_latency_is_in_one_bar() {
        let latencies = [0, 1_000, 1_001, 4_000, u64::MAX].map(Duration::from_micros);
        let bars = histogram(latencies.into_iter());
        assert_eq!(bars.iter().map(|(_, count)| count).sum::<u64>(), 5);
        assert_eq!(bars[0], (Duration::from_micros(100), 1));
        let bar = |bound: u64| bars.iter().find(|(at, _)| *at == ms(bound)).unwrap().1;
        assert_eq!((bar(1), bar(2), bar(5)), (1, 1, 1));
        assert_eq!(histogram(std::iter::empty()), []);
    }
}
