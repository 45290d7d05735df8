-- Who subscribed, and whether the confirmation was signed. A queue is confirmed by the signed call that subscribes it.
ALTER TABLE subscriptions ADD COLUMN principal TEXT NOT NULL DEFAULT 'arn:aws:iam::000000000000:root';
ALTER TABLE subscriptions ADD COLUMN confirmation_authenticated INTEGER NOT NULL DEFAULT 0;
UPDATE subscriptions SET confirmation_authenticated = 1 WHERE protocol = 'sqs' OR authenticate_on_unsubscribe = 1;
