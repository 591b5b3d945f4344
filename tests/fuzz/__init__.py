"""Every decoder and loader against inputs that nobody would write: `python -m tests.fuzz --help`.

A target turns bytes into a call. It must return, or raise a ValueError or FileNotFoundError of one sentence;
another exception, a crash, a hang or a large allocation is a failure, printed with the input that made it.
"""
