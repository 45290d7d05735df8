//! The screen, drawn into memory.

use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use stack_client::Metrics;

use super::apply;
use super::board::{Board, Reading};
use super::view::{Settings, draw};
use crate::status::example;

const SETTINGS: Settings = Settings {
    interval_seconds: 1,
    is_paused: false,
};

fn reading(at: Instant, confirmed: u32) -> Reading {
    let metrics = format!(
        "orders_orders_accepted_sum{{service=\"order-api\"}} 90\n\
         orders_orders_confirmed_sum{{service=\"order-worker\"}} {confirmed}\n\
         orders_age_at_confirmation{{service=\"order-worker\",quantile=\"0.5\"}} 12\n\
         orders_age_at_confirmation{{service=\"order-worker\",quantile=\"0.99\"}} 75000\n\
         orders_messages_put_off_sum{{reason=\"ThrottlingException\",service=\"order-worker\"}} 40\n\
         orders_messages_dead_lettered_sum{{reason=\"malformed\",service=\"order-worker\"}} 2\n"
    );
    Reading {
        at,
        status: example(),
        metrics: Metrics::parse(&metrics),
    }
}

fn screen(board: Option<&Board>, failure: Option<&str>, width: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, 20)).unwrap();
    terminal
        .draw(|frame| draw(frame, board, failure, SETTINGS))
        .unwrap();
    terminal.backend().to_string()
}

#[test]
fn the_screen_fits_into_80_columns_and_shows_the_keys() {
    let begun = Instant::now();
    let before = reading(begun, 10);
    let now = reading(begun + Duration::from_secs(2), 35);
    let board = Board::new(&now, Some(&before));
    insta::assert_snapshot!(screen(Some(&board), None, 80), @r#"
    "orders (local)   1 of 2 alarms ring                                             "
    "                                                                                "
    "STAGE                      DONE/S  WAITING  RETRY   FLIGHT  OLDEST P50    P99   "
    "order-api                  0.0     -        -       -       -      -      -     "
    "orders                     12.5    3        1       2       75 s   12ms   75.0s "
    "orders-dlq                 -       1        0       0       2 h    -      -     "
    "notifications-dlq          -       0        0       0       -      -      -     "
    "                                                                                "
    "WRONG                                                                           "
    "the disk is full                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "FAILED IN      REASON                         MESSAGES  PER S   NOW             "
    "order-worker   ThrottlingException            40        0.0     tried later     "
    "order-worker   malformed                      2         0.0     dead letter     "
    "                                                                                "
    "                                                                                "
    "q quit   p pause   + faster   - slower   (every 1 s)                            "
    "#);
}

#[test]
fn a_system_that_does_not_answer_is_told_above_the_last_figures() {
    let board = Board::new(&reading(Instant::now(), 1), None);
    let shown = screen(Some(&board), Some("the system does not answer"), 60);
    insta::assert_snapshot!(shown, @r#"
    "the system does not answer                                  "
    "                                                            "
    "STAGE   DONE/S  WAITING RETRY   FLIGHT  OLDEST P50    P99   "
    "order-a -       -       -       -       -      -      -     "
    "orders  -       3       1       2       75 s   12ms   75.0s "
    "orders- -       1       0       0       2 h    -      -     "
    "notific -       0       0       0       -      -      -     "
    "                                                            "
    "WRONG                                                       "
    "the disk is full                                            "
    "                                                            "
    "                                                            "
    "                                                            "
    "                                                            "
    "FAILED IN      REASON                     MESSAGES  PER S   "
    "order-worker   ThrottlingException        40        0.0     "
    "order-worker   malformed                  2         0.0     "
    "                                                            "
    "                                                            "
    "q quit   p pause   + faster   - slower   (every 1 s)        "
    "#);
}

#[test]
fn keys_pause_change_the_pace_and_quit() {
    let press = |code, modifiers| Event::Key(KeyEvent::new(code, modifiers));
    let key = |letter| press(KeyCode::Char(letter), KeyModifiers::NONE);
    let mut settings = SETTINGS;
    assert!(apply(&key('p'), &mut settings) && settings.is_paused);
    assert!(apply(&key('p'), &mut settings) && !settings.is_paused);
    for _ in 0..9 {
        assert!(apply(&key('-'), &mut settings));
    }
    assert_eq!(settings.interval_seconds, 60);
    assert!(apply(&key('+'), &mut settings));
    assert_eq!(settings.interval_seconds, 30);
    assert!(!apply(&key('q'), &mut settings));
    assert!(!apply(
        &press(KeyCode::Char('c'), KeyModifiers::CONTROL),
        &mut settings
    ));
    assert!(apply(&key('c'), &mut settings));
}
