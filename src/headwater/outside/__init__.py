"""What else is spoken to over a network, beside the systems that data comes from."""
