//! `top`: a screen of the whole system that follows it, over ssh too.

mod board;
#[cfg(test)]
mod tests;
mod view;

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use stack_client::{Connection, Metrics, Target};
use terminal::exit::UsageError;
use tokio::sync::mpsc;

use crate::status;
use board::{Board, Reading};
use view::Settings;

/// The longest pause between two readings, in seconds.
const MAX_INTERVAL: u64 = 60;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Seconds between two readings
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = clap::value_parser!(u64).range(1..=MAX_INTERVAL))]
    interval: u64,
}

/// The terminal in raw mode. It is restored when the value is dropped, also when a stop signal ends the command.
struct Screen(DefaultTerminal);

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// Follows the system until `q` or Ctrl-C.
pub(crate) async fn run(arguments: &Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    if !std::io::stdout().is_terminal() {
        return Err(UsageError("top needs a terminal; programs read `status --json`".to_owned()).into());
    }
    // Before the screen is cleared: the error of a system that does not run stays readable.
    let mut reading = Some(read(connection).await?);
    let mut board = reading.as_ref().map(|reading| Board::new(reading, None));
    let mut failure = None;
    let mut settings = Settings {
        interval_seconds: arguments.interval,
        is_paused: false,
    };
    let mut screen = Screen(ratatui::try_init().context("the terminal cannot be used")?);
    let mut keys = listen();
    loop {
        screen
            .0
            .draw(|frame| view::draw(frame, board.as_ref(), failure.as_deref(), settings))?;
        tokio::select! {
            event = keys.recv() => match event {
                None => return Ok(ExitCode::SUCCESS),
                Some(event) => {
                    if !apply(&event, &mut settings) {
                        return Ok(ExitCode::SUCCESS);
                    }
                }
            },
            () = tokio::time::sleep(Duration::from_secs(settings.interval_seconds)), if !settings.is_paused => {
                match read(connection).await {
                    Ok(now) => {
                        board = Some(Board::new(&now, reading.as_ref()));
                        reading = Some(now);
                        failure = None;
                    }
                    Err(error) => failure = Some(format!("{error:#}")),
                }
            }
        }
    }
}

/// Changes the settings by a key. Returns whether to go on.
fn apply(event: &Event, settings: &mut Settings) -> bool {
    let Event::Key(KeyEvent {
        code,
        modifiers,
        kind: KeyEventKind::Press,
        ..
    }) = event
    else {
        return true;
    };
    match code {
        KeyCode::Char('q') | KeyCode::Esc => return false,
        KeyCode::Char('c') if modifiers.contains(KeyModifiers::CONTROL) => return false,
        KeyCode::Char('p') => settings.is_paused = !settings.is_paused,
        KeyCode::Char('+') => settings.interval_seconds = (settings.interval_seconds / 2).max(1),
        KeyCode::Char('-') => settings.interval_seconds = (settings.interval_seconds * 2).min(MAX_INTERVAL),
        _ => {}
    }
    true
}

/// Reads the keyboard in a thread of its own: the terminal has no other way to wait for a key. The thread ends with the process.
fn listen() -> mpsc::UnboundedReceiver<Event> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            if sender.send(event).is_err() {
                return;
            }
        }
    });
    receiver
}

async fn read(connection: &Connection) -> anyhow::Result<Reading> {
    let status = status::read(connection).await?;
    let metrics = match connection.target() {
        Target::Aws => Metrics::default(),
        Target::Local => {
            let answer = connection.local_control().await?.get("metrics").send().await;
            let answer = answer.context("the metrics cannot be read")?;
            let bytes = answer.bytes().await.context("the answer was cut off")?;
            Metrics::parse(&String::from_utf8_lossy(&bytes))
        }
    };
    Ok(Reading {
        at: Instant::now(),
        status,
        metrics,
    })
}
