"""What runs unasked, and when."""
