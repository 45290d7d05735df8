//! Runs one case, whose name is the argument, under Callgrind. Without an argument it prints the names of all cases. The log and the
//! metrics go to standard output, as in a function.

use std::process::ExitCode;

use instruction_counts::CASES;

fn main() -> ExitCode {
    let Some(name) = std::env::args().nth(1) else {
        for case in CASES {
            println!("{}", case.name);
        }
        return ExitCode::SUCCESS;
    };
    telemetry::init();
    let case = CASES.iter().find(|case| case.name == name);
    let result = case.and_then(|case| Some((case.result, case.run()?)));
    match result {
        Some((expected, result)) if expected == result => ExitCode::SUCCESS,
        _ => {
            eprintln!("{name:?}: {result:?} are the expected and the actual result");
            ExitCode::FAILURE
        }
    }
}
