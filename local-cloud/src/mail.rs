//! The mailbox. (Skeleton.)
