"""Those we tell and ask over a network besides the systems that data comes from: mail, Telegram, issuers of
tokens."""
