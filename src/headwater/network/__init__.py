"""The way out: one HTTP client, addresses that were checked, whoever is spoken to."""
