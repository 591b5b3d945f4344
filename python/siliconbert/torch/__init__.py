"""A user's own torch.nn.Module on silicon: its weights in our formats and memory, its activations in ours.

    wrapped = siliconbert.torch.wrap(module, "adaptivfloat8", cells="rram-mlc3")
    with wrapped.trial(fault, seed=1, trial=7) as faulty:
        answers = module(batch)

Outside the `with` the module is what it was, bit for bit.
"""

from siliconbert import extras

if said := extras.missing("train", "torch"):
    raise ImportError(f"siliconbert.torch: {said}")

from siliconbert.torch.wrapped import Trial, Wrapped, wrap

__all__ = ["Trial", "Wrapped", "wrap"]
