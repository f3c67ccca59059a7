"""Speed and size, as ratios measured in one run: `nox -s bench`."""
