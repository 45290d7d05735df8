-- Events whose function has not succeeded yet. A row ends with its success, or when its retries are used up.
CREATE TABLE async_invocations (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id  TEXT    NOT NULL,
    -- The physical name of the function.
    function    TEXT    NOT NULL,
    payload     BLOB    NOT NULL,
    -- Readings of the clock in milliseconds, as all times of this file.
    accepted_at INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    -- How often the function failed.
    failures    INTEGER NOT NULL DEFAULT 0,
    -- How often the function could not be invoked.
    refusals    INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX async_invocations_due ON async_invocations (due_at);
