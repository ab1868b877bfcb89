"""Rounds of kill and compare: real processes die at random moments, and the replica has to be exact."""
