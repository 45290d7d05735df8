CREATE TABLE topics (
    arn        TEXT PRIMARY KEY,
    attributes TEXT NOT NULL,
    tags       TEXT NOT NULL DEFAULT '{}',
    deleted_subscriptions INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE subscriptions (
    arn        TEXT PRIMARY KEY,
    topic_arn  TEXT    NOT NULL REFERENCES topics (arn),
    protocol   TEXT    NOT NULL,
    endpoint   TEXT    NOT NULL,
    attributes TEXT    NOT NULL,
    confirmed  INTEGER NOT NULL,
    authenticate_on_unsubscribe INTEGER NOT NULL DEFAULT 0,
    token      TEXT,
    suspended  INTEGER NOT NULL DEFAULT 0,
    peak_per_second INTEGER NOT NULL DEFAULT 0,
    undelivered     INTEGER NOT NULL DEFAULT 0,
    UNIQUE (topic_arn, protocol, endpoint)
);

CREATE TABLE mail (
    sequence         INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id       TEXT    NOT NULL,
    subscription_arn TEXT    NOT NULL,
    kind             TEXT    NOT NULL,
    recipient        TEXT    NOT NULL,
    subject          TEXT    NOT NULL,
    body             TEXT    NOT NULL,
    received_at      INTEGER NOT NULL
);
CREATE INDEX mail_rate ON mail (subscription_arn, received_at);
