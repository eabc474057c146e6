"""What changes the state: one file holds the parameters and the process."""
