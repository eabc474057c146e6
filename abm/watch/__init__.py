"""What a clinician reads off a body: blast share, remission, residual disease, relapse."""
