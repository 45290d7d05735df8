//! Kills of function processes during an invocation.

use std::time::Duration;

use crate::count::FaultKind;
use crate::faults::Faults;
use crate::pattern::any_matches;

/// A planned kill of the process that runs an invocation.
#[derive(Debug)]
pub struct Kill {
    faults: Faults,
    function: String,
    after: Duration,
}

impl Faults {
    /// Decides whether the process of an invocation is killed, and when.
    #[must_use]
    pub fn kill(&self, function: &str) -> Option<Kill> {
        let plan = self.plan()?;
        let rule = plan
            .kills
            .iter()
            .find(|rule| any_matches(&rule.functions, function))?;
        let mut rng = self.next_rng(plan.seed, &format!("kill {function}"));
        rule.chance.happens(&mut rng).then(|| Kill {
            faults: self.clone(),
            function: function.to_owned(),
            after: rule.after_milliseconds.draw(&mut rng),
        })
    }
}

impl Kill {
    /// Counts the kill. Returns `false` if fault injection was turned off meanwhile; then the process is not
    /// killed.
    fn strikes(&self) -> bool {
        let strikes = self.faults.active();
        if strikes {
            self.faults.record(FaultKind::Kill, &self.function);
        }
        strikes
    }
}

/// Waits until the process must be killed. Waits for ever if it must not.
pub async fn wait_for_kill(kill: Option<&Kill>) {
    if let Some(kill) = kill {
        tokio::time::sleep(kill.after).await;
        if kill.strikes() {
            return;
        }
    }
    std::future::pending::<()>().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::FaultPlan;

    #[tokio::test]
    async fn a_kill_comes_due_unless_fault_injection_is_turned_off() {
        let faults = Faults::default();
        assert!(faults.kill("worker").is_none());
        let plan = "{seed: 1, kills: [{functions: [worker], chance: 1, after_milliseconds: [5, 9]}]}";
        faults.set(Some(FaultPlan::parse(plan).unwrap()));
        assert!(faults.kill("api").is_none());
        let kill = faults.kill("worker");
        wait_for_kill(kill.as_ref()).await;
        assert_eq!(faults.injected()[&FaultKind::Kill]["worker"], 1);

        faults.set(None);
        assert!(!kill.unwrap().strikes());
        assert_eq!(faults.injected()[&FaultKind::Kill]["worker"], 1);
    }
}
