//! A share of the orders, as an option.

use std::str::FromStr;

/// A share from 0 to 1, typed as `0.05` or `5%`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Share(f64);

/// A text that is no share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a share from 0 to 1, such as 0.05 or 5%")]
pub(super) struct ShareError;

impl Share {
    /// Draws `true` with this probability.
    pub(super) fn draw(self, rng: &mut fastrand::Rng) -> bool {
        rng.f64() < self.0
    }
}

impl FromStr for Share {
    type Err = ShareError;

    fn from_str(text: &str) -> Result<Self, ShareError> {
        let (number, whole) = match text.strip_suffix('%') {
            Some(number) => (number, 100.0),
            None => (text, 1.0),
        };
        let share = number.parse::<f64>().map_err(|_| ShareError)? / whole;
        if (0.0..=1.0).contains(&share) {
            Ok(Self(share))
        } else {
            Err(ShareError)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_and_percentages_are_parsed() {
        assert_eq!("0.05".parse(), Ok(Share(0.05)));
        assert_eq!("5%".parse(), Ok(Share(0.05)));
        assert_eq!(("0".parse(), "1".parse()), (Ok(Share(0.0)), Ok(Share(1.0))));
        for text in ["", "%", "2", "-1", "101%", "NaN", "inf"] {
            assert_eq!(text.parse::<Share>(), Err(ShareError), "{text}");
        }
    }
}
