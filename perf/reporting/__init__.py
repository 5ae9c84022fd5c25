"""Makes the report of a performance run."""
