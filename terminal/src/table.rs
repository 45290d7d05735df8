//! Tables for people.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

/// Spaces between two columns.
const GAP: u16 = 2;

/// Formats a table without borders. Each column is as wide as its widest cell on the terminal, on which a Chinese or
/// Japanese character takes two places. No line ends with spaces.
///
/// Cells must be sanitized: see [`crate::text::sanitize_line`].
#[must_use]
pub fn format_table<const COLUMNS: usize>(head: [&str; COLUMNS], rows: &[[String; COLUMNS]]) -> String {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(head)
        .add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP));
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = [
            ["a".to_owned(), "long cell".to_owned()],
            ["bcd".to_owned(), "x".to_owned()],
        ];
        insta::assert_snapshot!(format_table(["ID", "TEXT"], &rows), @r"
        ID   TEXT
        a    long cell
        bcd  x
        ");
    }

    /// A wide character takes two places.
    #[test]
    fn columns_are_aligned_by_their_width_on_the_terminal() {
        let rows = [
            ["山田太郎".to_owned(), "1".to_owned()],
            ["김민준".to_owned(), "2".to_owned()],
            ["Ada Example".to_owned(), "3".to_owned()],
        ];
        insta::assert_snapshot!(format_table(["CUSTOMER", "ORDERS"], &rows), @r"
        CUSTOMER     ORDERS
        山田太郎     1
        김민준       2
        Ada Example  3
        ");
    }

    /// A combining character takes no place.
    #[test]
    fn a_combined_character_is_one_place_wide() {
        let rows = [
            ["Zoe\u{301}".to_owned(), "1".to_owned()],
            ["Zoe".to_owned(), "2".to_owned()],
        ];
        let lines = ["CUSTOMER  ORDERS", "Zoe\u{301}       1", "Zoe       2"];
        assert_eq!(format_table(["CUSTOMER", "ORDERS"], &rows), lines.join("\n"));
    }

    #[test]
    fn a_table_without_rows_is_its_head() {
        assert_eq!(format_table(["ID", "TEXT"], &[]), "ID  TEXT");
    }
}
