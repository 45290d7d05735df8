//! The table of currencies, in the order of their codes.
//!
//! Codes, decimals and funds are those of ISO 4217's list one, published on 1 January 2026 by its maintenance agency (SIX). Days
//! are those of legal tender in the Unicode CLDR 48, which Babel 2.19.0 carries. Both were read on 29 November 2026.
//! `.ci/tests/test_currencies.py` compares this file with both.
//!
//! A code is never removed, because stored orders name it. One that is withdrawn gets its last day.

/// One code of the table.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Entry {
    /// The three letters.
    pub(super) code: &'static str,
    /// How many decimals an amount has.
    pub(super) exponent: u8,
    pub(super) used: Use,
}

/// The use of a code. Days are written as `2026-11-23`, so that texts sort as their days do.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Use {
    /// To pay with, from the first day to the last. None where the table has no day.
    Tender {
        from: Option<&'static str>,
        to: Option<&'static str>,
    },
    /// As a unit of account only.
    Fund,
}

/// Legal tender from a day on.
const fn tender(code: &'static str, exponent: u8, from: &'static str) -> Entry {
    Entry {
        code,
        exponent,
        used: Use::Tender {
            from: Some(from),
            to: None,
        },
    }
}

/// In ISO's list, and without a day in CLDR.
const fn listed(code: &'static str, exponent: u8) -> Entry {
    Entry {
        code,
        exponent,
        used: Use::Tender { from: None, to: None },
    }
}

/// Legal tender from a day to another.
const fn withdrawn(code: &'static str, exponent: u8, from: &'static str, to: &'static str) -> Entry {
    Entry {
        code,
        exponent,
        used: Use::Tender {
            from: Some(from),
            to: Some(to),
        },
    }
}

/// A fund: a unit of account that nobody pays with.
const fn fund(code: &'static str, exponent: u8) -> Entry {
    Entry {
        code,
        exponent,
        used: Use::Fund,
    }
}

/// Every currency.
pub(super) const CURRENCIES: &[Entry] = &[
    tender("AED", 2, "1973-05-19"),
    tender("AFN", 2, "2002-10-07"),
    tender("ALL", 2, "1965-08-16"),
    tender("AMD", 2, "1993-11-22"),
    withdrawn("ANG", 2, "1940-05-10", "2025-06-30"),
    tender("AOA", 2, "1999-12-13"),
    tender("ARS", 2, "1992-01-01"),
    tender("AUD", 2, "1966-02-14"),
    tender("AWG", 2, "1986-01-01"),
    tender("AZN", 2, "2006-01-01"),
    tender("BAM", 2, "1995-01-01"),
    tender("BBD", 2, "1973-12-03"),
    tender("BDT", 2, "1972-01-01"),
    withdrawn("BGN", 2, "1999-07-05", "2026-01-31"),
    tender("BHD", 3, "1965-10-16"),
    tender("BIF", 0, "1964-05-19"),
    tender("BMD", 2, "1970-02-06"),
    tender("BND", 2, "1967-06-12"),
    tender("BOB", 2, "1987-01-01"),
    fund("BOV", 2),
    tender("BRL", 2, "1994-07-01"),
    tender("BSD", 2, "1966-05-25"),
    tender("BTN", 2, "1974-04-16"),
    tender("BWP", 2, "1976-08-23"),
    tender("BYN", 2, "2016-07-01"),
    tender("BZD", 2, "1974-01-01"),
    tender("CAD", 2, "1858-01-01"),
    tender("CDF", 2, "1998-07-01"),
    fund("CHE", 2),
    tender("CHF", 2, "1799-03-17"),
    fund("CHW", 2),
    fund("CLF", 4),
    tender("CLP", 0, "1975-09-29"),
    tender("CNY", 2, "1953-03-01"),
    tender("COP", 2, "1905-01-01"),
    fund("COU", 2),
    tender("CRC", 2, "1896-10-26"),
    withdrawn("CUC", 2, "1994-01-01", "2021-06-01"),
    tender("CUP", 2, "1859-01-01"),
    tender("CVE", 2, "1914-01-01"),
    tender("CZK", 2, "1993-01-01"),
    tender("DJF", 0, "1977-06-27"),
    tender("DKK", 2, "1873-05-27"),
    tender("DOP", 2, "1947-10-01"),
    tender("DZD", 2, "1964-04-01"),
    tender("EGP", 2, "1885-11-14"),
    tender("ERN", 2, "1997-11-08"),
    tender("ETB", 2, "1976-09-15"),
    tender("EUR", 2, "1999-01-01"),
    tender("FJD", 2, "1969-01-13"),
    tender("FKP", 2, "1901-01-01"),
    tender("GBP", 2, "1694-07-27"),
    tender("GEL", 2, "1995-09-23"),
    tender("GHS", 2, "2007-07-03"),
    tender("GIP", 2, "1713-01-01"),
    tender("GMD", 2, "1971-07-01"),
    tender("GNF", 0, "1986-01-06"),
    tender("GTQ", 2, "1925-05-27"),
    tender("GYD", 2, "1966-05-26"),
    tender("HKD", 2, "1895-02-02"),
    tender("HNL", 2, "1926-04-03"),
    withdrawn("HRK", 2, "1994-05-30", "2023-01-14"),
    tender("HTG", 2, "1872-08-26"),
    tender("HUF", 2, "1946-07-23"),
    tender("IDR", 2, "1965-12-13"),
    tender("ILS", 2, "1985-09-04"),
    tender("INR", 2, "1835-08-17"),
    tender("IQD", 3, "1931-04-19"),
    tender("IRR", 2, "1932-05-13"),
    tender("ISK", 0, "1981-01-01"),
    tender("JMD", 2, "1969-09-08"),
    tender("JOD", 3, "1950-07-01"),
    tender("JPY", 0, "1871-06-01"),
    tender("KES", 2, "1966-09-14"),
    tender("KGS", 2, "1993-05-10"),
    tender("KHR", 2, "1980-03-20"),
    tender("KMF", 0, "1975-01-01"),
    tender("KPW", 2, "1959-04-17"),
    tender("KRW", 0, "1962-06-10"),
    tender("KWD", 3, "1961-04-01"),
    tender("KYD", 2, "1971-01-01"),
    tender("KZT", 2, "1993-11-05"),
    tender("LAK", 2, "1979-12-10"),
    tender("LBP", 2, "1948-02-02"),
    tender("LKR", 2, "1978-05-22"),
    tender("LRD", 2, "1944-01-01"),
    tender("LSL", 2, "1980-01-22"),
    tender("LYD", 3, "1971-09-01"),
    tender("MAD", 2, "1959-10-17"),
    tender("MDL", 2, "1993-11-29"),
    tender("MGA", 2, "1983-11-01"),
    tender("MKD", 2, "1993-05-20"),
    tender("MMK", 2, "1989-06-18"),
    tender("MNT", 2, "1915-03-01"),
    tender("MOP", 2, "1901-01-01"),
    tender("MRU", 2, "2018-01-01"),
    tender("MUR", 2, "1934-04-01"),
    tender("MVR", 2, "1981-07-01"),
    tender("MWK", 2, "1971-02-15"),
    tender("MXN", 2, "1993-01-01"),
    fund("MXV", 2),
    tender("MYR", 2, "1963-09-16"),
    tender("MZN", 2, "2006-07-01"),
    tender("NAD", 2, "1993-01-01"),
    tender("NGN", 2, "1973-01-01"),
    tender("NIO", 2, "1991-04-30"),
    tender("NOK", 2, "1905-06-07"),
    tender("NPR", 2, "1933-01-01"),
    tender("NZD", 2, "1967-07-10"),
    tender("OMR", 3, "1972-11-11"),
    tender("PAB", 2, "1903-11-04"),
    tender("PEN", 2, "1991-07-01"),
    tender("PGK", 2, "1975-09-16"),
    tender("PHP", 2, "1946-07-04"),
    tender("PKR", 2, "1948-04-01"),
    tender("PLN", 2, "1995-01-01"),
    tender("PYG", 0, "1943-11-01"),
    tender("QAR", 2, "1973-05-19"),
    tender("RON", 2, "2005-07-01"),
    tender("RSD", 2, "2006-10-25"),
    tender("RUB", 2, "1999-01-01"),
    tender("RWF", 0, "1964-05-19"),
    tender("SAR", 2, "1952-10-22"),
    tender("SBD", 2, "1977-10-24"),
    tender("SCR", 2, "1903-11-01"),
    tender("SDG", 2, "2007-01-10"),
    tender("SEK", 2, "1873-05-27"),
    tender("SGD", 2, "1967-06-12"),
    tender("SHP", 2, "1917-02-15"),
    tender("SLE", 2, "2022-07-01"),
    withdrawn("SLL", 2, "1964-08-04", "2023-12-31"),
    tender("SOS", 2, "1960-07-01"),
    tender("SRD", 2, "2004-01-01"),
    tender("SSP", 2, "2011-07-18"),
    tender("STN", 2, "2018-01-01"),
    tender("SVC", 2, "1919-11-11"),
    tender("SYP", 2, "1948-01-01"),
    tender("SZL", 2, "1974-09-06"),
    tender("THB", 2, "1928-04-15"),
    tender("TJS", 2, "2000-10-26"),
    tender("TMT", 2, "2009-01-01"),
    tender("TND", 3, "1958-11-01"),
    tender("TOP", 2, "1966-02-14"),
    tender("TRY", 2, "2005-01-01"),
    tender("TTD", 2, "1964-01-01"),
    tender("TWD", 2, "1949-06-15"),
    tender("TZS", 2, "1966-06-14"),
    tender("UAH", 2, "1996-09-02"),
    tender("UGX", 0, "1987-05-15"),
    tender("USD", 2, "1792-01-01"),
    fund("USN", 2),
    fund("UYI", 0),
    tender("UYU", 2, "1993-03-01"),
    listed("UYW", 4),
    tender("UZS", 2, "1994-07-01"),
    listed("VED", 2),
    tender("VES", 2, "2018-08-20"),
    tender("VND", 0, "1985-09-14"),
    tender("VUV", 0, "1981-01-01"),
    tender("WST", 2, "1967-07-10"),
    listed("XAD", 2),
    tender("XAF", 0, "1973-04-01"),
    tender("XCD", 2, "1965-10-06"),
    tender("XCG", 2, "2025-03-31"),
    tender("XOF", 0, "1958-11-24"),
    tender("XPF", 0, "1945-12-26"),
    tender("YER", 2, "1990-05-22"),
    tender("ZAR", 2, "1961-02-14"),
    tender("ZMW", 2, "2013-01-01"),
    tender("ZWG", 2, "2024-06-25"),
    withdrawn("ZWL", 2, "2009-02-02", "2024-08-31"),
];
