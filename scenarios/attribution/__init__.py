"""Which mechanism, switched off, would have delayed or prevented a relapse."""
