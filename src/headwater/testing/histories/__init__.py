"""Random histories of a portal and its replica: whatever happens, whatever dies, nothing is lost."""
