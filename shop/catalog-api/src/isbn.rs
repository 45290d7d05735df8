//! ISBN: the number of an edition of a book (ISO 2108), with its check digit.
//!
//! Source of the rules: International ISBN Agency, ISBN Users' Manual, 7th edition, chapter 4.2 and appendix 1.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A valid ISBN of 13 digits. Two spellings of one number are equal: with and without hyphens, and with 10 or 13 digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Isbn(String);

/// Why a text is no ISBN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IsbnError {
    /// Neither 10 nor 13 digits.
    #[error("must be an ISBN of 13 or 10 digits, for example \"978-3-16-148410-0\"")]
    Form,
    /// 13 digits that are no book.
    #[error("must begin with 978 or 979")]
    Prefix,
    /// A digit was mistyped.
    #[error("has a wrong check digit; look for a mistyped digit")]
    CheckDigit,
}

/// The prefix of every number that had 10 digits.
const BOOKLAND: &str = "978";

impl Isbn {
    /// The 13 digits, without hyphens.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Isbn {
    type Err = IsbnError;

    /// Reads 13 or 10 digits. Single hyphens or spaces may stand between them.
    fn from_str(text: &str) -> Result<Self, IsbnError> {
        let digits = without_separators(text).ok_or(IsbnError::Form)?;
        match digits.len() {
            13 => from_13(digits),
            10 => from_10(&digits),
            _ => Err(IsbnError::Form),
        }
    }
}

/// A separator stands between two digits. Others are refused, because they are no way to write an ISBN.
fn without_separators(text: &str) -> Option<String> {
    let is_separator = |character: char| matches!(character, '-' | ' ');
    let groups: Vec<&str> = text.split(is_separator).collect();
    let is_good = groups.iter().all(|group| !group.is_empty());
    is_good.then(|| groups.concat())
}

fn from_13(digits: String) -> Result<Isbn, IsbnError> {
    let values = values(&digits)?;
    if !digits.starts_with(BOOKLAND) && !digits.starts_with("979") {
        return Err(IsbnError::Prefix);
    }
    let sum: u32 = values.iter().zip([1, 3].iter().cycle()).map(|(a, b)| a * b).sum();
    if sum.is_multiple_of(10) {
        Ok(Isbn(digits))
    } else {
        Err(IsbnError::CheckDigit)
    }
}

/// The last of ten characters may be X, which is 10. The number with 13 digits has the same nine digits and another check digit.
fn from_10(digits: &str) -> Result<Isbn, IsbnError> {
    let (nine, last) = digits.split_at_checked(9).ok_or(IsbnError::Form)?;
    let mut values = values(nine)?;
    values.push(match last {
        "X" | "x" => 10,
        digit => digit.parse().map_err(|_| IsbnError::Form)?,
    });
    let sum: u32 = values.iter().zip((1..=10).rev()).map(|(a, b)| a * b).sum();
    if !sum.is_multiple_of(11) {
        return Err(IsbnError::CheckDigit);
    }
    let twelve = format!("{BOOKLAND}{nine}");
    let check = check_digit(&twelve)?;
    Ok(Isbn(format!("{twelve}{check}")))
}

/// The thirteenth digit after these twelve.
fn check_digit(twelve: &str) -> Result<u32, IsbnError> {
    let sum: u32 = values(twelve)?
        .iter()
        .zip([1, 3].iter().cycle())
        .map(|(a, b)| a * b)
        .sum();
    Ok((10 - sum % 10) % 10)
}

fn values(digits: &str) -> Result<Vec<u32>, IsbnError> {
    digits
        .chars()
        .map(|digit| digit.to_digit(10).ok_or(IsbnError::Form))
        .collect()
}

impl fmt::Display for Isbn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for Isbn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A number with 13 digits and a right check digit, by the definition and not by the code.
    fn isbn_13(prefix: &str, number: u32) -> String {
        let twelve = format!("{prefix}{number:09}");
        let is_right = |check: &u32| {
            let digits = format!("{twelve}{check}");
            let weighted = digits.bytes().enumerate().map(|(index, digit)| {
                let weight = if index % 2 == 0 { 1 } else { 3 };
                u32::from(digit - b'0') * weight
            });
            weighted.sum::<u32>() % 10 == 0
        };
        format!("{twelve}{}", (0..10).find(is_right).unwrap())
    }

    #[test]
    fn spellings_of_one_number_are_equal() {
        let number: Isbn = "9780306406157".parse().unwrap();
        for text in [
            "978-0-306-40615-7",
            "978 0 306 40615 7",
            "0306406152",
            "0-306-40615-2",
        ] {
            assert_eq!(text.parse(), Ok(number.clone()), "{text}");
        }
        // The check digit 10 is written as X.
        assert_eq!("0-8044-2957-X".parse::<Isbn>().unwrap().as_str(), "9780804429573");
        assert_eq!("080442957x".parse::<Isbn>().unwrap().as_str(), "9780804429573");
        // Numbers with 979 have no form with 10 digits.
        assert_eq!(
            "979-10-90636-07-1".parse::<Isbn>().unwrap().as_str(),
            "9791090636071"
        );
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "978",
            "978030640615",
            "97803064061570",
            "978--0306406157",
            "-9780306406157",
            "9780306406157 ",
            "978030640615X",
            "X306406152",
            "٩٧٨٠٣٠٦٤٠٦١٥٧",
            "9780306406I57",
            "éééééé",
        ] {
            assert_eq!(text.parse::<Isbn>(), Err(IsbnError::Form), "{text}");
        }
        // A number of an article that is no book: its check digit is right.
        assert_eq!("4006381333931".parse::<Isbn>(), Err(IsbnError::Prefix));
        assert_eq!("0306406153".parse::<Isbn>(), Err(IsbnError::CheckDigit));
    }

    proptest! {
        #[test]
        fn a_number_is_read_with_separators_anywhere(
            prefix in prop::sample::select(vec!["978", "979"]), number in 0..1_000_000_000_u32,
            cuts in prop::collection::btree_set(1..13_usize, 0..5), separator in prop::sample::select(vec!['-', ' ']),
        ) {
            let digits = isbn_13(prefix, number);
            let mut text = String::new();
            for (index, digit) in digits.chars().enumerate() {
                if cuts.contains(&index) {
                    text.push(separator);
                }
                text.push(digit);
            }
            let isbn: Isbn = text.parse().unwrap();
            prop_assert_eq!(isbn.as_str(), &digits);
            prop_assert_eq!(isbn.to_string().parse(), Ok(isbn));
        }

        #[test]
        fn one_wrong_digit_is_always_found(number in 0..1_000_000_000_u32, at in 3..13_usize, by in 1..10_u8) {
            let mut digits = isbn_13("978", number).into_bytes();
            digits[at] = b'0' + (digits[at] - b'0' + by) % 10;
            let text = String::from_utf8(digits).unwrap();
            prop_assert_eq!(text.parse::<Isbn>(), Err(IsbnError::CheckDigit));
        }

        #[test]
        fn ten_digits_name_the_same_book_as_thirteen(number in 0..1_000_000_000_u32) {
            let nine = format!("{number:09}");
            let weighted = nine.bytes().zip((2..=10_u32).rev()).map(|(digit, weight)| u32::from(digit - b'0') * weight);
            let check = (11 - weighted.sum::<u32>() % 11) % 11;
            let ten = if check == 10 { format!("{nine}X") } else { format!("{nine}{check}") };
            let isbn: Isbn = ten.parse().unwrap();
            prop_assert_eq!(isbn.as_str(), isbn_13("978", number));
        }

        #[test]
        fn two_swapped_digits_of_ten_are_always_found(number in 0..1_000_000_000_u32, at in 0..8_usize) {
            let isbn: Isbn = isbn_13("978", number).parse().unwrap();
            let nine = &isbn.as_str()[3..12];
            let weighted = nine.bytes().zip((2..=10_u32).rev()).map(|(digit, weight)| u32::from(digit - b'0') * weight);
            let check = (11 - weighted.sum::<u32>() % 11) % 11;
            let mut digits = nine.as_bytes().to_vec();
            prop_assume!(digits[at] != digits[at + 1]);
            digits.swap(at, at + 1);
            let last = if check == 10 { "X".to_owned() } else { check.to_string() };
            let text = format!("{}{last}", String::from_utf8(digits).unwrap());
            prop_assert_eq!(text.parse::<Isbn>(), Err(IsbnError::CheckDigit));
        }

        #[test]
        fn reading_never_panics(text in ".{0,20}") {
            let _ = text.parse::<Isbn>();
        }
    }
}
