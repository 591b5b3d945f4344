"""Safetensors files: ours equal the library's, and a file that lies is refused with one sentence."""

import json
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from siliconbert.models.tensorfile import open_tensors, write_tensors

FOUR = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def write_raw(path, header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def test_the_library_reads_what_we_write(tmp_path):
    arrays = {
        "codes": np.arange(7, dtype=np.uint8),
        "wide": np.arange(6, dtype=np.uint16).reshape(2, 3),
        "scalar": np.array([1.5], np.float32),
    }
    write_tensors(tmp_path / "a.safetensors", arrays, {"note": "a ß"})
    read = load_file(tmp_path / "a.safetensors")
    assert read.keys() == arrays.keys()
    for name, values in arrays.items():
        np.testing.assert_array_equal(read[name], values, strict=True)
    assert open_tensors(tmp_path / "a.safetensors").metadata == {"note": "a ß"}


def test_the_same_tensors_give_the_same_bytes(tmp_path):
    for name in "ab":
        write_tensors(tmp_path / name, {"x": np.ones(3, np.float32)}, {"k": "v"})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_we_read_what_the_library_writes(tmp_path, kind):
    values = np.random.default_rng(0).normal(size=(3, 5)).astype(kind)
    save_file({"x": values, "empty": np.zeros((0, 4), np.float32)}, tmp_path / "a.safetensors", {"k": "v"})
    file = open_tensors(tmp_path / "a.safetensors")
    np.testing.assert_array_equal(file.read_float("x", (3, 5)), values.astype(np.float32), strict=True)
    assert file.read_float("empty", (0, 4)).shape == (0, 4)


def test_bfloat16_is_the_upper_half_of_float32(tmp_path):
    values = np.array([1.0, -2.5, 3.0e38, 1e-40], np.float32)
    bits = (values.view(np.uint32) >> 16).astype("<u2")
    header = {"x": {"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]}}
    read = open_tensors(write_raw(tmp_path / "a", header, bits.tobytes())).read_float("x", (4,))
    np.testing.assert_array_equal(read.view(np.uint32), values.view(np.uint32) & 0xFFFF0000)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_values_that_are_not_finite_are_refused(tmp_path, bad):
    save_file({"x": np.array([0.0, bad])}, tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match=r"a\.safetensors: x must be finite, got NaN or infinity"):
        open_tensors(tmp_path / "a.safetensors").read_float("x", (2,))


def test_a_tensor_must_be_there_with_its_type_and_shape(tmp_path):
    save_file({"x": np.zeros((2, 3), np.int64)}, tmp_path / "a.safetensors")
    file = open_tensors(tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match=r"a\.safetensors: tensor y is missing"):
        file.read_float("y", (1,))
    with pytest.raises(ValueError, match=r"x must have type F32 or F16 or BF16 or F64, got I64"):
        file.read_float("x", (2, 3))
    with pytest.raises(ValueError, match=r"x must have shape \(3, 2\), got \(2, 3\)"):
        file.read("x", ("I64",), (3, 2))


@pytest.mark.parametrize(
    ("header", "data", "message"),
    [
        (b"{ ", b"", "not valid JSON"),
        (b"\xff\xfe{}", b"", "not valid JSON"),
        (b"[" * 200_000, b"", "not valid JSON"),
        (b"[1, 2]", b"", "must be a JSON object, got list"),
        (b'{"x": 1, "x": 2}', b"", "a key occurs twice"),
        ({"x": 1}, b"", "x must have the keys"),
        (
            {"x": {**FOUR, "more": 1}},
            bytes(8),
            "x must have the keys dtype, shape and data_offsets and no other",
        ),
        ({"x": {**FOUR, "dtype": "F8"}}, bytes(8), "dtype must be one of BOOL, U8, .*, got 'F8'"),
        ({"x": {**FOUR, "dtype": ["F32"]}}, bytes(8), "dtype must be one of"),
        ({"x": {**FOUR, "shape": [-2]}}, bytes(8), "must be lists of integers"),
        ({"x": {**FOUR, "shape": [2.0]}}, bytes(8), "must be lists of integers"),
        ({"x": {**FOUR, "shape": [True, 2]}}, bytes(8), "must be lists of integers"),
        ({"x": {**FOUR, "shape": "2"}}, bytes(8), "must be lists of integers"),
        ({"x": {**FOUR, "data_offsets": [0]}}, bytes(8), "must be lists of integers"),
        ({"x": {**FOUR, "data_offsets": [8, 0]}}, bytes(8), "takes 8 bytes, data_offsets span -8"),
        ({"x": {**FOUR, "shape": [3]}}, bytes(8), "F32 of shape \\[3\\] takes 12 bytes, data_offsets span 8"),
        ({"x": {**FOUR, "shape": [1 << 62, 1 << 62]}}, bytes(8), "data_offsets span 8"),
        (
            {"x": {"dtype": "F32", "shape": [1 << 60], "data_offsets": [0, 1 << 62]}},
            bytes(8),
            "the header describes",
        ),
        ({"x": FOUR}, bytes(7), "the header describes .* bytes, the file has"),
        ({"x": FOUR}, bytes(9), "the header describes .* bytes, the file has"),
        ({"x": FOUR, "y": FOUR}, bytes(8), "y starts at byte .*, the tensor before it ends at"),
        ({"x": {**FOUR, "data_offsets": [4, 12]}}, bytes(12), "x starts at byte"),
        ({"x": FOUR, "__metadata__": {"a": 1}}, bytes(8), "__metadata__ must map text to text"),
    ],
)
def test_a_lying_header_is_refused(tmp_path, header, data, message):
    with pytest.raises(ValueError, match=f"bad\\.safetensors: .*{message}"):
        open_tensors(write_raw(tmp_path / "bad.safetensors", header, data))


@pytest.mark.parametrize("length", [0, 1, 15, 1 << 40, (1 << 64) - 1])
def test_a_header_length_that_does_not_fit_is_refused(tmp_path, length):
    with pytest.raises(ValueError, match="not a safetensors file or cut short"):
        open_tensors(write_raw(tmp_path / "a", b"{}", bytes(8), length))


def test_other_files_are_refused(tmp_path):
    with pytest.raises(ValueError, match="no such file"):
        open_tensors(tmp_path / "none")
    with pytest.raises(ValueError, match="no such file"):
        open_tensors(tmp_path)
    (tmp_path / "short").write_bytes(b"\x01\x02")
    with pytest.raises(ValueError, match="not a safetensors file or cut short"):
        open_tensors(tmp_path / "short")


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_damaged_files_are_refused_or_read_whole(tmp_path, data):
    """Whatever bytes change, the file is refused with a ValueError or every tensor in it can be read."""
    path = tmp_path / "a.safetensors"
    write_tensors(path, {"x": np.ones((2, 3), np.float32), "y": np.arange(5, dtype=np.uint8)}, {"k": "v"})
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw)
    try:
        file = open_tensors(path)
    except ValueError:
        return
    for name, entry in file.entries.items():
        assert file.read(name, (entry.dtype,), entry.shape).nbytes == entry.bytes


def test_a_failed_write_leaves_nothing(tmp_path):
    with pytest.raises(KeyError):
        write_tensors(tmp_path / "a", {"x": np.zeros(2, np.int64)}, {})
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_tensors(tmp_path / "folder", {"x": np.zeros(2, np.float32)}, {})
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
