//! The parts of a page.

use charts::escape;

/// A part of the page: texts, a chart, and its figures as a table.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) title: String,
    pub(super) text: Vec<String>,
    pub(super) svg: Option<String>,
    pub(super) table: Option<String>,
    /// Whether the table is shown on demand only.
    pub(super) is_folded: bool,
}

impl Section {
    pub(super) fn html(&self) -> String {
        let text: Vec<String> = self
            .text
            .iter()
            .map(|text| format!("<p>{}</p>\n", escape(text)))
            .collect();
        let text = text.concat();
        let table = match &self.table {
            Some(table) if self.is_folded => {
                format!("<details><summary>Figures</summary>\n{table}</details>\n")
            }
            Some(table) => table.clone(),
            None => String::new(),
        };
        let title = escape(&self.title);
        let chart = self
            .svg
            .as_ref()
            .map(|svg| scrollable(&format!("{title}, the chart"), svg));
        format!(
            "<section>\n<h2>{title}</h2>\n{text}{}{table}</section>\n",
            chart.unwrap_or_default()
        )
    }
}

/// A part that scrolls sideways where the page is narrow, also by the keyboard. The name is escaped already.
fn scrollable(name: &str, html: &str) -> String {
    format!("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{name}\">\n{html}</div>\n")
}

/// A table. The first cell of each row is its head.
pub(super) fn table(
    caption: &str,
    head: &[impl AsRef<str>],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let head: Vec<String> = head
        .iter()
        .map(|cell| format!("<th scope=\"col\">{}</th>", escape(cell.as_ref())))
        .collect();
    let head = head.concat();
    let row = |row: Vec<String>| {
        let cells: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(index, cell)| match index {
                0 => format!("<th scope=\"row\">{}</th>", escape(cell)),
                _ => format!("<td>{}</td>", escape(cell)),
            })
            .collect();
        format!("<tr>{}</tr>\n", cells.concat())
    };
    let rows: Vec<String> = rows.into_iter().map(row).collect();
    let rows = rows.concat();
    let caption = escape(caption);
    let table = format!(
        "<table>\n<caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
    );
    scrollable(&caption, &table)
}
