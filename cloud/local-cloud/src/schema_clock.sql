-- The last reading of the clock of an earlier process, in milliseconds. See `clock.rs`.
CREATE TABLE clock (reading INTEGER NOT NULL);
INSERT INTO clock
    SELECT MAX(reading) FROM (
        SELECT 0 AS reading
        UNION ALL SELECT MAX(sent_at) FROM messages
        UNION ALL SELECT MAX(first_received_at) FROM messages
        UNION ALL SELECT MAX(received_at) FROM mail
        UNION ALL SELECT MAX(modified_at) FROM queues
        UNION ALL SELECT MAX(purged_at) FROM queues
    );
