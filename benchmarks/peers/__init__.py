"""The other databases: loading them, asking them, and timing that in the way README.md describes."""
