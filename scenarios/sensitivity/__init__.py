"""Which parameters matter: Morris screening, then Sobol indices of those that do."""
