//! An alarm and its state.

use serde::Serialize;

use crate::alarm::{Alarm, Query, Source};
use crate::evaluation::{self, EXTRA_PERIODS, State};

/// An alarm and its state.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) alarm: Alarm,
    pub(crate) state: AlarmState,
}

/// The state of an alarm, as `/_local/alarms` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlarmState {
    /// The name of the alarm.
    pub name: String,
    /// The description of the alarm.
    pub description: Option<String>,
    /// The state.
    pub state: State,
    /// Why it has this state.
    pub reason: String,
    /// Since when, in RFC 3339.
    pub since: String,
    /// How often it began to ring since the start.
    pub times_rung: u32,
}

/// A new state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Transition {
    pub(crate) state: State,
    pub(crate) reason: String,
}

impl Watched {
    pub(crate) fn new(alarm: Alarm, now: String) -> Self {
        Self {
            state: AlarmState {
                name: alarm.name.clone(),
                description: alarm.description.clone(),
                state: State::InsufficientData,
                reason: "Unchecked: Initial alarm creation".to_owned(),
                since: now,
                times_rung: 0,
            },
            alarm,
        }
    }

    /// Returns the new state, if it changes. `read` returns the value of a metric's query for a period, counted back from the
    /// newest.
    pub(crate) fn judge(&self, read: &impl Fn(&Query, usize) -> Option<f64>) -> Option<Transition> {
        let alarm = &self.alarm;
        let watched = alarm.queries.iter().find(|query| query.returns_data)?;
        let periods = alarm.evaluation_periods as usize;
        let points: Vec<Option<f64>> = (0..periods + EXTRA_PERIODS)
            .rev()
            .map(|back| alarm.value(watched, back, read))
            .collect();
        let breaches: Vec<Option<bool>> = points
            .iter()
            .map(|point| point.map(|value| alarm.comparison.breaches(value, alarm.threshold)))
            .collect();
        let needed = alarm.datapoints_to_alarm as usize;
        let state = evaluation::evaluate(&breaches, periods, needed, alarm.missing)?;
        (state != self.state.state).then(|| Transition {
            state,
            reason: alarm.reason(state, &points),
        })
    }

    pub(crate) fn change(&mut self, transition: &Transition, now: String) {
        if transition.state == State::Alarm {
            self.state.times_rung += 1;
        }
        self.state.state = transition.state;
        self.state.reason.clone_from(&transition.reason);
        self.state.since = now;
    }
}

impl Alarm {
    fn value(&self, query: &Query, back: usize, read: &impl Fn(&Query, usize) -> Option<f64>) -> Option<f64> {
        match &query.source {
            Source::Metric(..) => read(query, back),
            // An expression uses queries above it only, so this ends.
            Source::Expression(expression) => expression.value(back, &|id, back| {
                let query = self.queries.iter().find(|query| query.id == id)?;
                self.value(query, back, read)
            }),
        }
    }

    /// The reason of a state, in the words of AWS.
    fn reason(&self, state: State, points: &[Option<f64>]) -> String {
        let known: Vec<String> = points
            .iter()
            .rev()
            .flatten()
            .take(self.evaluation_periods as usize)
            .map(|value| format!("{value:.1}"))
            .collect();
        if known.is_empty() {
            return "Insufficient Data: no datapoints were received".to_owned();
        }
        let (negation, words) = match state {
            State::Alarm => ("", self.comparison.words()),
            _ => ("not all ", self.comparison.words()),
        };
        format!(
            "Threshold Crossed: {} of the last {} datapoints [{}] were {negation}{words} the threshold ({:.1})",
            known.len(),
            self.evaluation_periods,
            known.join(", "),
            self.threshold
        )
    }
}
