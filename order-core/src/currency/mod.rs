//! Currencies: the project's own table of ISO 4217 codes, with the days from and to which new orders may use each.

mod table;

use std::fmt;

use timestamp::Timestamp;

use table::{CURRENCIES, Entry, Use};

/// A currency of the table.
///
/// A new order names one that people pay with on that day ([`Currency::accept`]). A stored order may name any
/// ([`Currency::restore`]): it was accepted by the rules of its time.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(&'static Entry);

/// Why a code is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CurrencyError {
    /// No code of the table.
    #[error("must be an ISO 4217 currency code in capitals, for example \"EUR\"")]
    Unknown,
    /// A fund, for example `CLF`.
    #[error("is the code of a fund; an order needs a currency that people pay with")]
    Fund,
    /// Before its first day.
    #[error("is a currency only from {0} on")]
    TooEarly(&'static str),
    /// After its last day.
    #[error("was withdrawn: its last day was {0}")]
    Withdrawn(&'static str),
}

impl Currency {
    /// The currency of a new order, by today's rules: `on` is the moment at which the order is accepted.
    pub fn accept(code: &str, on: Timestamp) -> Result<Self, CurrencyError> {
        let currency = Self::restore(code)?;
        let Use::Tender { from, to } = currency.0.used else {
            return Err(CurrencyError::Fund);
        };
        let moment = on.to_string();
        // RFC 3339 begins with the day.
        let day = moment.get(..10).unwrap_or_default();
        if let Some(to) = to.filter(|to| day > *to) {
            return Err(CurrencyError::Withdrawn(to));
        }
        match from.filter(|from| day < *from) {
            Some(from) => Err(CurrencyError::TooEarly(from)),
            None => Ok(currency),
        }
    }

    /// The currency of a stored order: any code of the table, also a withdrawn one.
    pub fn restore(code: &str) -> Result<Self, CurrencyError> {
        CURRENCIES
            .binary_search_by_key(&code, |entry| entry.code)
            .ok()
            .and_then(|index| CURRENCIES.get(index))
            .map(Self)
            .ok_or(CurrencyError::Unknown)
    }

    /// Every currency of the table, in the order of the codes.
    pub fn all() -> impl Iterator<Item = Self> {
        CURRENCIES.iter().map(Self)
    }

    /// The three-letter code, for example `EUR`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code
    }

    /// How many decimals an amount has: 2 for EUR, 0 for JPY, 3 for KWD.
    #[must_use]
    pub fn exponent(self) -> u8 {
        self.0.exponent
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(code: &str, day: &str) -> Result<&'static str, String> {
        let noon = format!("{day}T12:00:00.000Z").parse().unwrap();
        Currency::accept(code, noon)
            .map(Currency::code)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_table_is_sorted_and_names_each_code_once() {
        let codes: Vec<&str> = Currency::all().map(Currency::code).collect();
        assert!(codes.is_sorted_by(|a, b| a < b));
        for code in codes {
            assert_eq!(Currency::restore(code).map(Currency::code), Ok(code));
        }
    }

    #[test]
    fn withdrawn_codes_are_refused_for_new_orders_and_restored_in_old_ones() {
        for code in ["ANG", "BGN", "CUC", "HRK", "SLL", "ZWL"] {
            assert!(
                accept(code, "2026-11-23")
                    .unwrap_err()
                    .starts_with("was withdrawn"),
                "{code}"
            );
            assert!(Currency::restore(code).is_ok(), "{code}");
        }
        for code in ["BOV", "CLF", "USN"] {
            assert!(
                accept(code, "2026-11-23").unwrap_err().contains("a fund"),
                "{code}"
            );
            assert!(Currency::restore(code).is_ok(), "{code}");
        }
        for code in ["SLE", "XCG", "ZWG"] {
            assert_eq!(accept(code, "2026-11-23"), Ok(code));
        }
    }

    #[test]
    fn the_day_of_acceptance_decides() {
        assert_eq!(accept("BGN", "2026-01-31"), Ok("BGN"));
        assert_eq!(
            accept("BGN", "2026-02-01").unwrap_err(),
            "was withdrawn: its last day was 2026-01-31"
        );
        assert_eq!(accept("XCG", "2025-03-31"), Ok("XCG"));
        assert_eq!(
            accept("XCG", "2025-03-30").unwrap_err(),
            "is a currency only from 2025-03-31 on"
        );
    }

    #[test]
    fn other_codes_are_refused() {
        for code in ["", "eur", "Eur", "EURO", "XYZ", "XAU", "XXX", "€"] {
            assert_eq!(Currency::restore(code), Err(CurrencyError::Unknown), "{code}");
        }
    }
}
