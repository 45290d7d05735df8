//! Processes that die in the middle of their work.

use std::time::Duration;

use crate::count::FaultKind;
use crate::faults::Faults;
use crate::pattern::any_matches;

/// An invocation's appointed end.
#[derive(Debug)]
pub struct Kill {
    faults: Faults,
    function: String,
    after: Duration,
}

impl Faults {
    /// Decides whether an invocation of a function ends with its process, and when.
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
    /// Counts the kill; `false` if the faults have ended meanwhile, which spares the process.
    fn strikes(&self) -> bool {
        let strikes = self.faults.active();
        if strikes {
            self.faults.record(FaultKind::Kill, &self.function);
        }
        strikes
    }
}

/// Waits until the process is to be killed, for ever if it is not.
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
    async fn a_kill_comes_due_unless_the_faults_have_ended() {
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
