"""Random histories, and rounds in which real processes are killed: the replica has to be exact after all."""
