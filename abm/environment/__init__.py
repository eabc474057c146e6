"""Where cells live: site volumes and the transport between sites; no biology."""
