//! Tests of the function with buckets and a table in memory.

mod function;
