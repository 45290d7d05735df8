//! Money in whole minor units of a currency, with checked arithmetic and without floating point.

use std::fmt;

use crate::currency::Currency;

/// An amount of money, zero or more, in minor units (cents, yen).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// Why a text is not an amount, or why a sum cannot be held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not digits with exactly the currency's number of decimals.
    #[error("must be a decimal string in {currency} with {decimals}, for example \"{example}\"")]
    Format {
        /// The currency's code.
        currency: &'static str,
        /// `no decimals`, `1 decimal` or `n decimals`.
        decimals: String,
        /// An example of an accepted amount.
        example: String,
    },
    /// Over 9,223,372,036,854,775,807 minor units.
    #[error("the amount is too large to be held exactly")]
    Overflow,
    /// The two amounts are in different currencies.
    #[error("amounts of two currencies cannot be added")]
    CurrencyMismatch,
}

impl Money {
    /// Zero in this currency.
    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Parses a decimal string with exactly the currency's number of decimals: `"12.50"` in EUR, `"1250"` in JPY.
    ///
    /// An amount has one spelling: no sign, no leading zeros, no exponent, no separators.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let exponent = usize::from(currency.exponent());
        let format_error = || MoneyError::Format {
            currency: currency.code(),
            decimals: match exponent {
                0 => "no decimals".to_owned(),
                1 => "1 decimal".to_owned(),
                several => format!("{several} decimals"),
            },
            example: Self {
                minor: 1250,
                currency,
            }
            .decimal(),
        };
        let (whole, decimals) = match text.split_once('.') {
            Some((whole, decimals)) if exponent > 0 => (whole, decimals),
            None if exponent == 0 => (text, ""),
            _ => return Err(format_error()),
        };
        let canonical = whole == "0" || !whole.starts_with('0');
        if whole.is_empty() || !canonical || decimals.len() != exponent {
            return Err(format_error());
        }
        let mut minor = 0_i64;
        for byte in whole.bytes().chain(decimals.bytes()) {
            if !byte.is_ascii_digit() {
                return Err(format_error());
            }
            minor = minor
                .checked_mul(10)
                .and_then(|minor| minor.checked_add(i64::from(byte - b'0')))
                .ok_or(MoneyError::Overflow)?;
        }
        Ok(Self { minor, currency })
    }

    /// The amount in minor units.
    #[must_use]
    pub fn minor_units(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// This amount `count` times.
    pub fn times(self, count: u32) -> Result<Self, MoneyError> {
        let minor = self
            .minor
            .checked_mul(i64::from(count))
            .ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// The sum of two amounts of one currency.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch);
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// The decimal string that [`Money::parse`] reads: `12.50`, without the currency.
    #[must_use]
    pub fn decimal(self) -> String {
        let exponent = usize::from(self.currency.exponent());
        let mut text = self.minor.to_string();
        if exponent > 0 {
            // At least one digit stands before the point.
            while text.len() <= exponent {
                text.insert(0, '0');
            }
            text.insert(text.len() - exponent, '.');
        }
        text
    }
}

impl fmt::Display for Money {
    /// For people, with thousands separators: `EUR 1,234.50`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimal = self.decimal();
        let whole_length = decimal.find('.').unwrap_or(decimal.len());
        write!(formatter, "{} ", self.currency)?;
        for (index, digit) in decimal.chars().enumerate() {
            if index > 0 && index < whole_length && (whole_length - index).is_multiple_of(3) {
                write!(formatter, ",")?;
            }
            write!(formatter, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::restore(code).unwrap()
    }

    #[test]
    fn amounts_have_the_currencys_decimals() {
        for (text, code, minor) in [
            ("12.50", "EUR", 1250),
            ("0.05", "EUR", 5),
            ("1250", "JPY", 1250),
            ("0", "JPY", 0),
            ("1.250", "KWD", 1250),
            ("92233720368547758.07", "USD", i64::MAX),
        ] {
            let money = Money::parse(text, currency(code)).unwrap();
            assert_eq!((money.minor_units(), money.decimal().as_str()), (minor, text));
        }
    }

    #[test]
    fn one_amount_has_one_spelling() {
        for (text, code) in [
            ("", "EUR"),
            ("12", "EUR"),
            ("12.5", "EUR"),
            ("12.500", "EUR"),
            ("012.50", "EUR"),
            ("00.50", "EUR"),
            (".50", "EUR"),
            ("-1.00", "EUR"),
            ("+1.00", "EUR"),
            ("1e2", "EUR"),
            ("1,250.00", "EUR"),
            (" 1.00", "EUR"),
            ("1.0.0", "EUR"),
            ("١.٠٠", "EUR"),
            ("1250.", "JPY"),
            ("12.50", "JPY"),
        ] {
            let error = Money::parse(text, currency(code)).unwrap_err();
            assert!(
                matches!(error, MoneyError::Format { .. }),
                "{text} {code}: {error}"
            );
        }
    }

    #[test]
    fn an_error_says_what_to_write() {
        assert_eq!(
            Money::parse("12.5", currency("EUR")).unwrap_err().to_string(),
            "must be a decimal string in EUR with 2 decimals, for example \"12.50\""
        );
        assert_eq!(
            Money::parse("12.5", currency("JPY")).unwrap_err().to_string(),
            "must be a decimal string in JPY with no decimals, for example \"1250\""
        );
    }

    #[test]
    fn overflow_is_an_error() {
        assert_eq!(
            Money::parse("92233720368547758.08", currency("USD")),
            Err(MoneyError::Overflow)
        );
        let max = Money::parse("92233720368547758.07", currency("USD")).unwrap();
        assert_eq!(max.times(2), Err(MoneyError::Overflow));
        assert_eq!(max.plus(max), Err(MoneyError::Overflow));
    }

    #[test]
    fn people_read_thousands_separators() {
        let shown = |text, code| Money::parse(text, currency(code)).unwrap().to_string();
        assert_eq!(shown("1234567.50", "EUR"), "EUR 1,234,567.50");
        assert_eq!(shown("999", "JPY"), "JPY 999");
        assert_eq!(shown("1000", "JPY"), "JPY 1,000");
        assert_eq!(shown("0.50", "USD"), "USD 0.50");
    }

    proptest! {
        #[test]
        fn a_written_amount_is_read_back(
            minor in 0..=i64::MAX,
            code in prop::sample::select(vec!["EUR", "JPY", "KWD", "CLF"]),
        ) {
            let money = Money { minor, currency: currency(code) };
            prop_assert_eq!(Money::parse(&money.decimal(), money.currency), Ok(money));
        }

        #[test]
        fn sums_neither_round_nor_wrap(a in 0..=i64::MAX, b in 0..=i64::MAX, count: u32) {
            let of = |minor| Money { minor, currency: currency("EUR") };
            let sum = i128::from(a) + i128::from(b);
            prop_assert_eq!(of(a).plus(of(b)).ok().map(|m| i128::from(m.minor)), i64::try_from(sum).ok().map(i128::from));
            let product = i128::from(a) * i128::from(count);
            prop_assert_eq!(of(a).times(count).ok().map(|m| i128::from(m.minor)), i64::try_from(product).ok().map(i128::from));
        }

        #[test]
        fn reading_never_panics(text in ".{0,40}") {
            let _ = Money::parse(&text, currency("EUR"));
            let _ = Currency::restore(&text);
        }
    }
}
