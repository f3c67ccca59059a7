"""Who exists at the sandboxed vendors: invented people and their work, the same for the same seed."""
