"""Slow NumPy twins of the core, written from the definitions; the tests compare both."""
