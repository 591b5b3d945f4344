"""Timing ours and its peers in one run: the answer is checked first, then the two take turns."""
