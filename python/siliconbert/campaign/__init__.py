"""Stages many times over: which model, data, format and cells; the rows; what the rows say for certain."""
