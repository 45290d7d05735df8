//! Tests of the pictures, and of the function with buckets and a table in memory.

mod function;
mod pictures;
