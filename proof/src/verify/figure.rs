//! The figures of the report, and which of them must be zero.

/// Whose orders the system holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// It also holds orders that are not from the journal, and dead letters may wait for a replay.
    Shared,
    /// It holds only the journal's orders, and none is on its way. Everything that the journal does not explain is an error.
    Exclusive,
}

/// The requirement on a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Requirement {
    /// It must be zero in every system.
    Zero,
    /// It must be zero with [`Scope::Exclusive`].
    ZeroIfExclusive,
    /// It is only counted.
    Counted,
}

/// A figure of the report.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figure {
    pub(super) name: &'static str,
    /// `None` if it cannot be known.
    pub(super) found: Option<u64>,
    pub(super) requirement: Requirement,
    pub(super) meaning: &'static str,
}

impl Figure {
    fn must_be_zero(&self, scope: Scope) -> bool {
        match self.requirement {
            Requirement::Zero => true,
            Requirement::ZeroIfExclusive => scope == Scope::Exclusive,
            Requirement::Counted => false,
        }
    }

    /// Whether the figure meets its requirement. An unknown figure is an error only with [`Scope::Exclusive`].
    pub(super) fn is_met(&self, scope: Scope) -> bool {
        !self.must_be_zero(scope)
            || match self.found {
                Some(found) => found == 0,
                None => scope == Scope::Shared,
            }
    }

    /// The row of the printed table.
    pub(super) fn into_row(self, scope: Scope) -> [String; 4] {
        let found = self
            .found
            .map_or_else(|| "?".to_owned(), |found| found.to_string());
        let must = if self.must_be_zero(scope) { "0" } else { "-" };
        let meaning = match self.found {
            Some(_) => self.meaning,
            None => "mail cannot be read here, so that this is not known",
        };
        [self.name.to_owned(), found, must.to_owned(), meaning.to_owned()]
    }
}
