"""One vendor call, from a value to an answer: what providers are built from."""
