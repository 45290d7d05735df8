//! The order of the writes of an object.

use std::fmt;

/// The most hexadecimal digits. AWS sends 16 to 18.
const DIGITS: usize = 32;

/// The place of an event among those of one key. A later write has a greater one.
///
/// AWS sends hexadecimal texts of different lengths: the shorter one is padded with zeros on its right, and then the texts are
/// compared. Here all are padded to the same length, so that a table can compare them. Source: Amazon S3 User Guide, "Event message
/// structure".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sequencer(String);

impl Sequencer {
    /// Reads the text of an event. `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_one = (1..=DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_one.then(|| Self(format!("{:0<DIGITS$}", text.to_ascii_uppercase())))
    }

    /// The digits, always of the same length.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sequencer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shorter_one_is_padded_on_its_right() {
        let read = |text| Sequencer::parse(text).unwrap();
        assert!(read("0055AED6DCD90281E5") < read("0055AED6DCD90281E6"));
        assert!(read("0055") < read("0055AED6"));
        assert!(read("0056") > read("0055AED6"));
        assert_eq!(read("00ab"), read("00AB00"));
        assert_eq!(read("1").as_str().len(), DIGITS);
        for text in ["", "0x1", "00 1", &"0".repeat(DIGITS + 1)] {
            assert_eq!(Sequencer::parse(text), None, "{text}");
        }
    }
}
