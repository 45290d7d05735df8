-- Queues keep their number when a purge gives them a new partition. A long poll compares it, so that it never takes a
-- message of a queue that was created again under the same name.
ALTER TABLE queues ADD COLUMN incarnation INTEGER NOT NULL DEFAULT 0;
UPDATE queues SET incarnation = id;

-- received_at: the time of the last receive, from which the total of 12 hours counts. group_id: the MessageGroupId.
ALTER TABLE messages ADD COLUMN received_at INTEGER;
ALTER TABLE messages ADD COLUMN group_id TEXT;
UPDATE messages SET received_at = first_received_at WHERE state = 2;

-- The groups that have a ready message or one in flight. turn: the newest message of the group that was received, or its
-- first one. Of two groups with equally many messages in flight, the one with the lower turn is served first.
CREATE TABLE message_groups (
    queue_id  INTEGER NOT NULL,
    group_id  TEXT    NOT NULL,
    ready     INTEGER NOT NULL,
    in_flight INTEGER NOT NULL,
    turn      INTEGER NOT NULL,
    PRIMARY KEY (queue_id, group_id)
) WITHOUT ROWID;
CREATE INDEX message_groups_turn ON message_groups (queue_id, in_flight, turn) WHERE ready > 0;
CREATE INDEX messages_of_group ON messages (queue_id, group_id, id) WHERE state = 0 AND group_id IS NOT NULL;

CREATE TRIGGER group_message_added AFTER INSERT ON messages WHEN NEW.group_id IS NOT NULL BEGIN
    INSERT INTO message_groups (queue_id, group_id, ready, in_flight, turn)
        VALUES (NEW.queue_id, NEW.group_id, NEW.state = 0, NEW.state = 2, NEW.id)
        ON CONFLICT (queue_id, group_id) DO UPDATE
        SET ready = ready + excluded.ready, in_flight = in_flight + excluded.in_flight;
END;
CREATE TRIGGER group_message_removed AFTER DELETE ON messages WHEN OLD.group_id IS NOT NULL BEGIN
    UPDATE message_groups SET ready = ready - (OLD.state = 0), in_flight = in_flight - (OLD.state = 2)
        WHERE queue_id = OLD.queue_id AND group_id = OLD.group_id;
    DELETE FROM message_groups
        WHERE queue_id = OLD.queue_id AND group_id = OLD.group_id AND ready = 0 AND in_flight = 0;
END;
CREATE TRIGGER group_message_changed AFTER UPDATE OF queue_id, state ON messages
WHEN NEW.group_id IS NOT NULL AND (OLD.queue_id <> NEW.queue_id OR OLD.state <> NEW.state) BEGIN
    INSERT INTO message_groups (queue_id, group_id, ready, in_flight, turn)
        VALUES (NEW.queue_id, NEW.group_id, NEW.state = 0, NEW.state = 2, NEW.id)
        ON CONFLICT (queue_id, group_id) DO UPDATE
        SET ready = ready + excluded.ready, in_flight = in_flight + excluded.in_flight,
            turn = CASE WHEN NEW.state = 2 THEN MAX(turn, NEW.id) ELSE turn END;
    UPDATE message_groups SET ready = ready - (OLD.state = 0), in_flight = in_flight - (OLD.state = 2)
        WHERE queue_id = OLD.queue_id AND group_id = OLD.group_id;
    DELETE FROM message_groups
        WHERE queue_id = OLD.queue_id AND group_id = OLD.group_id AND ready = 0 AND in_flight = 0;
END;
