"""What the data of a connection is like: how full, how varied, what looks wrong in it, and what for."""
