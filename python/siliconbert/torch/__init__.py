"""A user's own torch.nn.Module on silicon: its weights in our formats and memory, its activations in ours.

    wrapped = siliconbert.torch.wrap(module, "adaptivfloat8", cells="rram-mlc3")
    with wrapped.trial(fault, seed=1, trial=7) as faulty:
        answers = module(batch)

Outside the `with` the module is what it was, bit for bit.
"""

from importlib.util import find_spec

if find_spec("torch") is None:
    raise ImportError(
        "siliconbert.torch: torch missing; install the extra with: pip install 'siliconbert[train]'"
    )

from siliconbert.torch.wrapped import Trial, Wrapped, wrap

__all__ = ["Trial", "Wrapped", "wrap"]
