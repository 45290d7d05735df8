CREATE TABLE buckets (
    name TEXT PRIMARY KEY,
    -- Milliseconds since the Unix epoch, as all times of this file.
    created_at INTEGER NOT NULL,
    -- JSON: the policy, the CORS rules and what else is set for the bucket.
    settings TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE objects (
    bucket TEXT NOT NULL REFERENCES buckets (name),
    key TEXT NOT NULL,
    -- The name of the file with the bytes. Each write of an object has a file of its own.
    file TEXT NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    modified_at INTEGER NOT NULL,
    -- JSON: the headers that a read answers, and the checksums.
    headers TEXT NOT NULL,
    PRIMARY KEY (bucket, key)
) WITHOUT ROWID;

CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    bucket TEXT NOT NULL REFERENCES buckets (name),
    key TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    headers TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX uploads_by_key ON uploads (bucket, key, id);

CREATE TABLE parts (
    upload TEXT NOT NULL REFERENCES uploads (id),
    number INTEGER NOT NULL,
    file TEXT NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    modified_at INTEGER NOT NULL,
    PRIMARY KEY (upload, number)
) WITHOUT ROWID;
