"""The words every room shares: no network, no database, no disk."""
