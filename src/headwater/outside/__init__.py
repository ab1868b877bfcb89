"""Those we tell and ask over a network besides CRMs: mail, Telegram, addresses of webhooks."""
