//! Evaluates conditions.

use super::resolver::Resolver;
use crate::error::TemplateError;
use crate::node::{Call, Node};
use crate::rules::{Assertion, Rule};
use crate::template_path::TemplatePath;

impl Resolver<'_> {
    /// Returns the value of a condition of the template.
    pub(crate) fn condition(&self, name: &str, at: &TemplatePath) -> Result<bool, TemplateError> {
        let node = self
            .conditions
            .get(name)
            .ok_or_else(|| TemplateError::invalid(at, format!("there is no condition `{name}`")))?;
        self.visit(name, at, || {
            self.evaluate(node, &TemplatePath::root("Conditions").key(name))
        })
    }

    /// Checks the rules of the template, which compare parameters before anything is created.
    ///
    /// # Errors
    /// Returns the description of the first assertion that does not hold.
    pub(crate) fn check_rules(&self, rules: &[Rule]) -> Result<(), TemplateError> {
        for Rule {
            at,
            condition,
            assertions,
        } in rules
        {
            let applies = condition.as_ref().map_or(Ok(true), |condition| {
                self.evaluate(condition, &at.key("RuleCondition"))
            })?;
            if !applies {
                continue;
            }
            for Assertion { assert, description } in assertions {
                if !self.evaluate(assert, &at.key("Assertions"))? {
                    return Err(TemplateError::Rule {
                        at: at.to_string(),
                        description: description.clone(),
                    });
                }
            }
        }
        Ok(())
    }

    fn evaluate(&self, node: &Node, at: &TemplatePath) -> Result<bool, TemplateError> {
        match node {
            Node::Call(call) => self.evaluate_call(call, at),
            Node::Bool(value) => Ok(*value),
            _ => Err(TemplateError::invalid(at, "a condition is expected")),
        }
    }

    pub(super) fn evaluate_call(&self, call: &Call, at: &TemplatePath) -> Result<bool, TemplateError> {
        match call {
            Call::Condition(name) => self.condition(name, at),
            Call::Equals(left, right) => Ok(self.text(left, at)? == self.text(right, at)?),
            Call::Not(operand) => Ok(!self.evaluate(operand, at)?),
            Call::And(operands) => operands
                .iter()
                .try_fold(true, |all, operand| Ok(self.evaluate(operand, at)? && all)),
            Call::Or(operands) => operands
                .iter()
                .try_fold(false, |any, operand| Ok(self.evaluate(operand, at)? || any)),
            Call::Contains { texts, value } => {
                let value = self.text(value, at)?;
                Ok(self.texts(texts, at)?.contains(&value))
            }
            _ => Err(TemplateError::invalid(at, "a condition is expected")),
        }
    }
}
