"""The run folder: its layout, writer, reader and provenance."""
