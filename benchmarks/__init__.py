"""Speed as ratios: two sides measured in one process, by turns. See docs/performance.md."""
