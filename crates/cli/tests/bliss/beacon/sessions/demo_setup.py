"""Nothing has to be set up."""
