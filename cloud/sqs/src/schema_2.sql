-- A message has two rows. Receiving, hiding and redriving change the narrow row, of which about fifty fit in
-- a page. The wide row holds the content: the sender writes it, the receiver reads it, and then it is
-- deleted. With one row for both, each of these steps wrote the pages of the content to the WAL again. A deep
-- backlog made this slowest, because its messages are all on different pages.
DROP TRIGGER message_added;
DROP TRIGGER message_removed;
DROP TRIGGER message_changed;
DROP INDEX messages_ready;
DROP INDEX messages_due;
DROP INDEX messages_age;
ALTER TABLE messages RENAME TO messages_1;

-- state: 0 ready, 1 delayed, 2 in flight. due_at: the time when a delayed or in-flight message becomes ready.
-- Within a queue, the order of ids is the order of sent_at: a redriven message keeps both, a moved message
-- gets a new id and a new sent_at.
CREATE TABLE messages (
    queue_id          INTEGER NOT NULL,
    id                INTEGER NOT NULL,
    state             INTEGER NOT NULL,
    due_at            INTEGER NOT NULL,
    receive_count     INTEGER NOT NULL DEFAULT 0,
    sent_at           INTEGER NOT NULL,
    first_received_at INTEGER,
    receipt           BLOB,
    source_arn        TEXT,
    PRIMARY KEY (queue_id, id)
) WITHOUT ROWID;

CREATE TABLE contents (
    id           INTEGER PRIMARY KEY,
    message_id   TEXT    NOT NULL,
    sender_id    TEXT    NOT NULL,
    trace_header TEXT,
    body_md5     TEXT    NOT NULL,
    attributes   TEXT,
    body         TEXT    NOT NULL
);

INSERT INTO contents SELECT id, message_id, sender_id, trace_header, body_md5, attributes, body FROM messages_1;
INSERT INTO messages
    SELECT queue_id, id, state, due_at, receive_count, sent_at, first_received_at, receipt, source_arn FROM messages_1;
DROP TABLE messages_1;

-- ReceiveMessage reads only ready messages, the alarm only the others. Neither reads through a backlog of the
-- other kind.
CREATE INDEX messages_ready ON messages (queue_id, id) WHERE state = 0;
CREATE INDEX messages_due ON messages (due_at) WHERE state <> 0;

CREATE TRIGGER message_added AFTER INSERT ON messages BEGIN
    UPDATE OR FAIL queue_counts SET messages = messages + 1 WHERE queue_id = NEW.queue_id AND state = NEW.state;
END;
CREATE TRIGGER message_removed AFTER DELETE ON messages BEGIN
    UPDATE OR FAIL queue_counts SET messages = messages - 1 WHERE queue_id = OLD.queue_id AND state = OLD.state;
    DELETE FROM contents WHERE id = OLD.id;
END;
CREATE TRIGGER message_changed AFTER UPDATE OF queue_id, state ON messages
WHEN OLD.queue_id <> NEW.queue_id OR OLD.state <> NEW.state BEGIN
    UPDATE OR FAIL queue_counts SET messages = messages - 1 WHERE queue_id = OLD.queue_id AND state = OLD.state;
    UPDATE OR FAIL queue_counts SET messages = messages + 1 WHERE queue_id = NEW.queue_id AND state = NEW.state;
END;
