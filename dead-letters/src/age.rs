//! Ages for people.

/// Formats a span of milliseconds in its largest unit.
pub(crate) fn format_age(milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) / 1000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_formatted_in_its_largest_unit() {
        let ages = [-5, 59_000, 60_000, 3_599_000, 7_200_000, 200_000_000].map(format_age);
        assert_eq!(ages, ["0 s", "59 s", "1 min", "59 min", "2 h", "2 d"]);
    }
}
