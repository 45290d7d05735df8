-- Requests to HTTP and HTTPS endpoints that have not succeeded yet. A row ends with its success, or when its retries are used up.
CREATE TABLE webhook_deliveries (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    subscription_arn TEXT    NOT NULL,
    topic_arn        TEXT    NOT NULL,
    endpoint         TEXT    NOT NULL,
    kind             TEXT    NOT NULL,
    message_id       TEXT    NOT NULL,
    content_type     TEXT    NOT NULL,
    raw              INTEGER NOT NULL,
    body             TEXT    NOT NULL,
    retries          TEXT    NOT NULL,
    attempts         INTEGER NOT NULL DEFAULT 0,
    due_at           INTEGER NOT NULL
);
CREATE INDEX webhook_due ON webhook_deliveries (due_at);
