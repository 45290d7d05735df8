//! The scale of an axis.

/// The least of 1, 2 and 5 times a power of ten that is not below a value. 1 for a value that is not above 0.
pub(crate) fn ceiling(value: f64) -> f64 {
    if !value.is_finite() || value <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    let factors = [1.0, 2.0, 5.0, 10.0];
    // The quotient may be above its true value by rounding.
    let factor = factors
        .into_iter()
        .find(|factor| factor * power >= value * (1.0 - 1e-12));
    factor.unwrap_or(10.0) * power
}

/// A number with at most three digits that matter, and with commas between thousands: `0.25`, `12.5`, `1,250`.
#[must_use]
pub fn format_value(value: f64) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let size = value.abs();
    let digits = if size == 0.0 || size >= 100.0 {
        0
    } else if size >= 10.0 {
        1
    } else if size >= 0.1 {
        2
    } else {
        4
    };
    let text = format!("{value:.digits$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = fraction.trim_end_matches('0');
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_round_number_that_is_not_below() {
        for (value, end) in [
            (0.0, 1.0),
            (-3.0, 1.0),
            (f64::NAN, 1.0),
            (0.3, 0.5),
            (1.0, 1.0),
            (1.1, 2.0),
            (49.0, 50.0),
            (1000.0, 1000.0),
            (5001.0, 10_000.0),
        ] {
            assert!((ceiling(value) - end).abs() < 1e-9, "{value}: {}", ceiling(value));
        }
    }

    #[test]
    fn numbers_are_short() {
        let texts = [
            0.0,
            0.004,
            0.25,
            2.0,
            12.5,
            99.96,
            1250.4,
            -1_234_567.0,
            f64::INFINITY,
        ]
        .map(format_value);
        assert_eq!(
            texts,
            [
                "0",
                "0.004",
                "0.25",
                "2",
                "12.5",
                "100",
                "1,250",
                "-1,234,567",
                "-"
            ]
        );
    }
}
