-- The key that signs messages, and its certificate. There is at most one.
CREATE TABLE signing_key (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    private_key BLOB NOT NULL,
    certificate TEXT NOT NULL
);
