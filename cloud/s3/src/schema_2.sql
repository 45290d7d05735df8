-- The last number of an event. It only grows, so that a later event of a key has a greater one.
CREATE TABLE event_sequence (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    last INTEGER NOT NULL
);
INSERT INTO event_sequence (id, last) VALUES (1, 0);
