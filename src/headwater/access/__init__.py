"""Who may do what: keys of programs, sessions of people."""
