//! Makes the covers of one picture, without AWS. `benchmarks/covers.py` measures it.
//!
//! Usage: `resize PICTURE DIRECTORY TIMES`. It does the work that many times, and writes `WIDTH.jpg` into the directory.

use std::error::Error;
use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [picture, directory, times] = arguments.as_slice() else {
        return Err("usage: resize PICTURE DIRECTORY TIMES".into());
    };
    let times: usize = times.parse()?;
    for _ in 0..times {
        for cover in cover_pictures::resize(&fs::read(picture)?)? {
            let name = format!("{}.jpg", cover.asked_width);
            fs::write(Path::new(directory).join(name), cover.jpeg)?;
        }
    }
    Ok(())
}
