"""What importing brings along and what it needs; and what is said where something is missing."""

import subprocess
import sys

import pytest

CORE = ["exits", "faults", "formats", "hardware", "models", "report", "schedule", "sparsity", "storage"]
PARTS = [*CORE, "campaign", "data"]
ARRAYS = ["torch", "pyarrow", "matplotlib", "scipy", "sklearn", "pandas", "numpy"]
HEAVY = [*ARRAYS, "transformers", "dask", "distributed", "datasets"]


def python(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )


# Runs what follows as if some packages were not installed.
WITHOUT = """
import sys
for name in sys.argv[1].split(","):
    sys.modules[name] = None
"""


@pytest.mark.parametrize("statement", ["import siliconbert", "from siliconbert.cli import app"])
def test_import_brings_nothing_heavy(statement):
    done = python(f"{statement}; import sys; print(*(set(sys.argv[1:]) & set(sys.modules)))", *HEAVY)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_stages_come_without_any_extra():
    extras = "torch,transformers,huggingface_hub,dask,distributed,datasets,scipy,highspy,onnx,onnxruntime"
    names = [*PARTS, "cli", "campaign.run"]
    code = WITHOUT + "".join(f"import siliconbert.{name}\n" for name in names)
    done = python(code, extras)
    assert done.returncode == 0, done.stderr


MISSING = {
    "import siliconbert.torch": ("torch", "train"),
    "from siliconbert import train; train.run('recipe.yaml', 'out')": ("torch", "train"),
    "from siliconbert.bench import peer; peer.require()": ("torch,transformers", "bench"),
    "from siliconbert.bench import onnx_network; onnx_network.require()": ("onnx,onnxruntime", "bench"),
    "from siliconbert.bench import cscb; cscb.run(peers=True)": ("scipy", "bench"),
    "from siliconbert.bench import highs; highs.solve([], [], [], 'sum')": ("highspy", "bench"),
    "from siliconbert.campaign.cluster import Cluster; Cluster('tcp://host:1').__enter__()": (
        "distributed",
        "cluster",
    ),
}


@pytest.mark.parametrize("statement", MISSING)
def test_a_missing_extra_is_named_in_one_sentence(statement):
    absent, extra = MISSING[statement]
    done = python(f"{WITHOUT}\n{statement}", absent)
    words = " and ".join(absent.split(","))
    said = f"{words} missing; install the extra with: pip install 'siliconbert[{extra}]'"
    assert done.stderr.splitlines()[-1].endswith(said)
    assert done.stderr.splitlines()[-1].startswith("ImportError: ")


def test_data_found_nowhere_names_the_hub_s_extra(tmp_path):
    code = f"{WITHOUT}\nimport siliconbert\nsiliconbert.data.load('sst2')"
    done = subprocess.run(
        [sys.executable, "-c", code, "datasets"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"SILICONBERT_CACHE": str(tmp_path)},
    )
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ValueError: data.load: sst2 dev was not found in ")
    assert "(datasets missing; install the extra with: pip install 'siliconbert[hub]')" in last


def test_the_command_line_says_it_too():
    code = f"{WITHOUT}\nfrom siliconbert.cli import main; main(['bench', 'cscb', '--peers'])"
    done = python(code, "scipy")
    assert done.returncode == 1
    assert done.stderr == (
        "siliconbert: bench: scipy missing; install the extra with: pip install 'siliconbert[bench]'\n"
    )


# As the loader answers where the library is not there.
NO_LIBGOMP = """
import sys

class Loader:
    def find_spec(self, name, path=None, target=None):
        if name == "siliconbert._core":
            raise ImportError("libgomp.so.1: cannot open shared object file: No such file or directory")

sys.meta_path.insert(0, Loader())
"""


def test_a_missing_libgomp_is_named_in_one_sentence():
    forms = [f"import siliconbert.{name}" for name in CORE]
    forms += [f"import siliconbert; siliconbert.{name}" for name in CORE]
    code = f"{NO_LIBGOMP}\nfor form in {forms}:\n try: exec(form)\n except ImportError as error: print(error)"
    assert python(code).stdout.splitlines() == len(forms) * [
        "libgomp.so.1, a library of the system, is missing; install it with: "
        "apt-get install libgomp1 (Debian, Ubuntu) or dnf install libgomp (Fedora, Red Hat)"
    ]


def test_another_failure_of_the_extension_is_not_renamed():
    code = NO_LIBGOMP.replace("libgomp.so.1", "libm.so.6") + "import siliconbert.models"
    assert python(code).stderr.splitlines()[-1].startswith("ImportError: libm.so.6: ")
