-- Requests name a queue by its name. `id` is the key of its messages (their partition) and changes when the
-- queue is purged.
CREATE TABLE queues (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT    NOT NULL UNIQUE,
    settings    TEXT    NOT NULL,
    tags        TEXT    NOT NULL DEFAULT '{}',
    created_at  INTEGER NOT NULL,
    modified_at INTEGER NOT NULL,
    purged_at   INTEGER NOT NULL DEFAULT 0
);

-- state: 0 ready, 1 delayed, 2 in flight. due_at: the time when a delayed or in-flight message becomes ready.
CREATE TABLE messages (
    id                INTEGER PRIMARY KEY,
    queue_id          INTEGER NOT NULL,
    state             INTEGER NOT NULL,
    due_at            INTEGER NOT NULL,
    receive_count     INTEGER NOT NULL DEFAULT 0,
    sent_at           INTEGER NOT NULL,
    first_received_at INTEGER,
    receipt           BLOB,
    source_arn        TEXT,
    message_id        TEXT    NOT NULL,
    sender_id         TEXT    NOT NULL,
    trace_header      TEXT,
    body_md5          TEXT    NOT NULL,
    attributes        TEXT,
    body              TEXT    NOT NULL
);

-- ReceiveMessage reads only ready messages, the alarm only the others. Neither reads through a backlog of the
-- other kind.
CREATE INDEX messages_ready ON messages (queue_id, id) WHERE state = 0;
CREATE INDEX messages_due ON messages (due_at) WHERE state <> 0;
CREATE INDEX messages_age ON messages (queue_id, sent_at);

-- COUNT(*) over a million rows is slow, so triggers keep the counts up to date.
CREATE TABLE queue_counts (
    queue_id INTEGER NOT NULL,
    state    INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (queue_id, state)
) WITHOUT ROWID;

CREATE TRIGGER message_added AFTER INSERT ON messages BEGIN
    UPDATE queue_counts SET messages = messages + 1 WHERE queue_id = NEW.queue_id AND state = NEW.state;
END;
CREATE TRIGGER message_removed AFTER DELETE ON messages BEGIN
    UPDATE queue_counts SET messages = messages - 1 WHERE queue_id = OLD.queue_id AND state = OLD.state;
END;
CREATE TRIGGER message_changed AFTER UPDATE OF queue_id, state ON messages
WHEN OLD.queue_id <> NEW.queue_id OR OLD.state <> NEW.state BEGIN
    UPDATE queue_counts SET messages = messages - 1 WHERE queue_id = OLD.queue_id AND state = OLD.state;
    UPDATE queue_counts SET messages = messages + 1 WHERE queue_id = NEW.queue_id AND state = NEW.state;
END;

-- Partitions of purged and deleted queues. Their messages are deleted in steps.
CREATE TABLE discarded_partitions (queue_id INTEGER PRIMARY KEY);

CREATE TABLE move_tasks (
    id             TEXT    PRIMARY KEY,
    source         TEXT    NOT NULL,
    destination    TEXT,
    rate           INTEGER,
    status         TEXT    NOT NULL,
    failure_reason TEXT,
    last_row       INTEGER NOT NULL,
    moved          INTEGER NOT NULL DEFAULT 0,
    to_move        INTEGER NOT NULL,
    started_at     INTEGER NOT NULL
);
CREATE INDEX move_tasks_source ON move_tasks (source, started_at);
