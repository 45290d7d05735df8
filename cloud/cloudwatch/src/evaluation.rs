//! Whether an alarm rings, from its datapoints.
//!
//! Source: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data". The tests hold its tables. AWS does not
//! publish the length of the evaluation range; the tables show two datapoints more than the evaluation periods.

use serde::Serialize;

use crate::alarm::MissingData;

/// The state of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// The threshold is not crossed.
    Ok,
    /// The alarm rings.
    Alarm,
    /// There is not enough data.
    InsufficientData,
}

impl State {
    /// The name, as AWS spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

/// How many datapoints beyond the evaluation periods are looked at.
pub(crate) const EXTRA_PERIODS: usize = 2;

/// Returns the next state, or none if the current one stays.
///
/// `range` holds, for each period of the evaluation range from the oldest to the newest, whether its datapoint breaches, or none
/// if it is missing. `periods` is the number of evaluation periods (N), `needed` the number of datapoints to alarm (M).
pub(crate) fn evaluate(
    range: &[Option<bool>],
    periods: usize,
    needed: usize,
    missing: MissingData,
) -> Option<State> {
    let real: Vec<bool> = range
        .iter()
        .rev()
        .filter_map(|point| *point)
        .take(periods)
        .collect();
    let breaching = real.iter().filter(|breaches| **breaches).count();
    let judge = |breaching: usize| {
        Some(if breaching >= needed {
            State::Alarm
        } else {
            State::Ok
        })
    };
    // Enough real datapoints, also older ones: how to treat missing data does not matter.
    if real.len() >= periods {
        return judge(breaching);
    }
    match missing {
        MissingData::Breaching => judge(breaching + periods - real.len()),
        MissingData::NotBreaching => judge(breaching),
        _ if breaching >= needed => Some(State::Alarm),
        MissingData::Missing if real.is_empty() => Some(State::InsufficientData),
        // The oldest datapoint breaches, is old enough, and no later one is within the threshold.
        MissingData::Missing if breaching == real.len() => {
            let oldest = range.iter().position(Option::is_some)?;
            (range.len() - oldest >= needed).then_some(State::Alarm)
        }
        MissingData::Ignore if breaching == real.len() => None,
        MissingData::Missing | MissingData::Ignore => Some(State::Ok),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The columns of AWS's tables.
    const COLUMNS: [MissingData; 4] = [
        MissingData::Missing,
        MissingData::Ignore,
        MissingData::Breaching,
        MissingData::NotBreaching,
    ];
    const OK: Option<State> = Some(State::Ok);
    const ALARM: Option<State> = Some(State::Alarm);
    const RETAIN: Option<State> = None;

    fn check(points: &str, needed: usize, expected: [Option<State>; 4]) {
        let range: Vec<Option<bool>> = points
            .chars()
            .map(|point| match point {
                '0' => Some(false),
                'X' => Some(true),
                _ => None,
            })
            .collect();
        let found = COLUMNS.map(|missing| evaluate(&range, 3, needed, missing));
        assert_eq!(found, expected, "{points}, {needed} of 3");
    }

    #[test]
    fn three_of_three_is_judged_as_in_the_table_of_aws() {
        check("0-X-X", 3, [OK, OK, OK, OK]);
        check("----0", 3, [OK, OK, OK, OK]);
        check("-----", 3, [Some(State::InsufficientData), RETAIN, ALARM, OK]);
        check("0XX-X", 3, [ALARM, ALARM, ALARM, ALARM]);
        check("--X--", 3, [ALARM, RETAIN, ALARM, OK]);
    }

    #[test]
    fn two_of_three_is_judged_as_in_the_table_of_aws() {
        check("0-X-X", 2, [ALARM, ALARM, ALARM, ALARM]);
        check("00X0X", 2, [ALARM, ALARM, ALARM, ALARM]);
        check("0-X--", 2, [OK, OK, ALARM, OK]);
        check("----0", 2, [OK, OK, ALARM, OK]);
        check("---X-", 2, [ALARM, RETAIN, ALARM, OK]);
    }

    #[test]
    fn one_new_datapoint_is_too_young_for_an_alarm_of_three() {
        check("----X", 3, [RETAIN, RETAIN, ALARM, OK]);
    }
}
