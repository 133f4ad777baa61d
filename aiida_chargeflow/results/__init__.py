"""What finished models say, asked of the provenance graph."""
