//! The colours, as those of the console.

/// The style of all charts, for light and dark.
pub const STYLE: &str = "\
.chart { width: 100%; height: auto; font: 12px system-ui, -apple-system, \"Segoe UI\", Roboto, sans-serif; --text: #51605c; --edge: #d5dcda; --c0: #0f766e; --c1: #b45309; --c2: #1d4ed8; --c3: #be185d; --c4: #4d7c0f; --c5: #6d28d9; }
@media (prefers-color-scheme: dark) { .chart { --text: #a0b0ab; --edge: #2c3835; --c0: #5eead4; --c1: #fbbf24; --c2: #93c5fd; --c3: #f9a8d4; --c4: #bef264; --c5: #c4b5fd; } }
.chart text { fill: var(--text); }
.chart .middle { text-anchor: middle; }
.chart .end { text-anchor: end; }
.chart .value { font-size: 11px; }
.chart .grid { stroke: var(--edge); stroke-width: 1; }
.chart .curve { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.chart .curve.c0 { stroke: var(--c0); } .chart .curve.c1 { stroke: var(--c1); } .chart .curve.c2 { stroke: var(--c2); }
.chart .curve.c3 { stroke: var(--c3); } .chart .curve.c4 { stroke: var(--c4); } .chart .curve.c5 { stroke: var(--c5); }
.chart rect.c0 { fill: var(--c0); } .chart rect.c1 { fill: var(--c1); } .chart rect.c2 { fill: var(--c2); }
.chart rect.c3 { fill: var(--c3); } .chart rect.c4 { fill: var(--c4); } .chart rect.c5 { fill: var(--c5); }
";

/// The SVG of a chart as a file of its own, with its style.
#[must_use]
pub fn standalone(svg: &str) -> String {
    let ground = ".chart { background: #ffffff; } @media (prefers-color-scheme: dark) { .chart { background: #101514; } }";
    svg.replacen('>', &format!(">\n<style>\n{STYLE}{ground}\n</style>"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_its_style() {
        let file = standalone("<svg class=\"chart\"><title>a</title></svg>");
        assert!(file.starts_with("<svg class=\"chart\">\n<style>\n.chart {"));
        assert!(file.ends_with("</style><title>a</title></svg>"));
    }
}
