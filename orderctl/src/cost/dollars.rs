//! An amount in US dollars, exact.

use std::fmt;
use std::ops::AddAssign;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The digits after the point that are kept: a GB-second has ten, and an order costs a millionth of the rest.
const PLACES: usize = 18;
const ONE: u128 = 10u128.pow(18);
/// A cent.
const CENT: u128 = ONE / 100;

/// An amount in US dollars, in steps of 10^-18.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Dollars(u128);

impl Dollars {
    /// Reads digits with at most one point, such as `0.0000133334`.
    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || fraction.len() > PLACES || !digits(whole) || !digits(fraction) {
            return None;
        }
        let whole: u128 = whole.parse().ok()?;
        let fraction: u128 = format!("{fraction:0<PLACES$}").parse().ok()?;
        Some(Self(whole.checked_mul(ONE)?.checked_add(fraction)?))
    }

    /// Returns this amount `times` times, divided by `by`. A divisor of zero counts as one.
    pub(super) fn times(self, times: u128, by: u128) -> Self {
        Self(self.0.saturating_mul(times) / by.max(1))
    }

    /// The amount with six digits after the point, for JSON.
    fn to_f64(self) -> f64 {
        let micro = self.0 / (ONE / 1_000_000);
        let text = format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000);
        // Digits with a point are a number.
        text.parse().unwrap_or_default()
    }
}

impl AddAssign for Dollars {
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }
}

impl std::iter::Sum for Dollars {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), |mut sum, amount| {
            sum += amount;
            sum
        })
    }
}

/// Writes cents, rounded to the nearest.
impl fmt::Display for Dollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.0.saturating_add(CENT / 2) / CENT;
        f.pad(&format!("{}.{:02}", cents / 100, cents % 100))
    }
}

impl Serialize for Dollars {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.to_f64())
    }
}

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "{text:?} is no amount of dollars: write it as \"0.40\", in quotation marks"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dollars(text: &str) -> Dollars {
        Dollars::parse(text).unwrap()
    }

    #[test]
    fn amounts_are_exact() {
        let second = dollars("0.0000133334");
        assert_eq!(second.times(1_000_000, 1), dollars("13.3334"));
        assert_eq!(dollars("0.40").times(3, 1_000_000), dollars("0.0000012"));
    }

    #[test]
    fn cents_are_rounded_to_the_nearest() {
        let written = ["0.004", "0.005", "1.995", "12"].map(|text| dollars(text).to_string());
        assert_eq!(written, ["0.00", "0.01", "2.00", "12.00"]);
    }

    #[test]
    fn other_texts_are_no_amounts() {
        for text in ["", ".5", "-1", "1.2.3", "1e3", "0.1234567890123456789"] {
            assert_eq!(Dollars::parse(text), None, "{text}");
        }
    }
}
