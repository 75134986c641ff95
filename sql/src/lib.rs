//! Drystone: an embedded, crash-safe SQL database.
