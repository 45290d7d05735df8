-- 1 if a template declares the subscription. Such a subscription ends when a later template does not declare it.
ALTER TABLE subscriptions ADD COLUMN of_stack INTEGER NOT NULL DEFAULT 0;
