"""A map of records by meaning, and groups on it. scikit-learn, imported when first needed (3 s).

The map is t-SNE (van der Maaten and Hinton, 2008) of the centred vectors' first principal components; groups are what
HDBSCAN (Campello, Moulavi and Sander, 2013) finds dense on it. What was measured is in benchmarks/README.md
("Themes"): groups found on the map hold records judged alike together more often than groups of the vectors
themselves, and a person sees on the map what was grouped.

The same vectors in the same order with the same seed give the same map and groups on the same machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Fineness = Literal["coarse", "medium", "fine"]
#: What is being done, and how much of it (0–1).
Tell = Callable[[str, float], None]

#: A group is at least this share of all records, by how fine the groups are to be, and at least SMALLEST.
SHARES: dict[Fineness, float] = {"coarse": 1 / 40, "medium": 1 / 100, "fine": 1 / 250}
SMALLEST = 4
#: Fewer records than this are one group: there is nothing to tell apart.
FEW = 8
#: Records the map is computed from; the others are placed beside their nearest. t-SNE of 10,000 takes a minute.
LANDMARKS = 10_000
#: Principal components t-SNE begins with, and its perplexity at most.
COMPONENTS, PERPLEXITY = 50, 30.0
#: Landmarks another record is placed between.
NEIGHBOURS = 3
_BLOCK = 2_000


@dataclass(frozen=True)
class Arranged:
    """places: (n, 2), float32, within −1 … 1.  groups: (n,), int; −1 for records in none. Group 0 is the largest."""

    places: NDArray[np.float32]
    groups: NDArray[np.int64]


def arrange(vectors: Vectors, *, seed: int = 0, fineness: Fineness = "medium", tell: Tell) -> Arranged:
    """The map and the groups of these records. vectors: (n, dimension), rows of length 1."""
    count = len(vectors)
    centred = _unit(vectors - vectors.mean(axis=0)) if count else vectors
    if count < FEW:
        return Arranged(_in_a_row(count), np.zeros(count, np.int64))
    chosen = np.arange(count)
    if count > LANDMARKS:
        chosen = np.sort(np.random.default_rng(seed).permutation(count)[:LANDMARKS])
    tell("map", 0.0)
    places = _map(centred[chosen], seed)
    tell("groups", 0.8)
    groups = _dense(places, max(SMALLEST, round(len(chosen) * SHARES[fineness])))
    if count > LANDMARKS:
        places, groups = _between(centred, chosen, places, groups, tell)
    return Arranged(_scaled(places), _by_size(groups))


def _map(centred: Vectors, seed: int) -> NDArray[np.float32]:
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    count = len(centred)
    components = min(COMPONENTS, count - 1, centred.shape[1])
    found = PCA(components, svd_solver="randomized", random_state=seed).fit_transform(centred)
    perplexity = min(PERPLEXITY, max(2.0, count / 17))
    tsne = TSNE(2, perplexity=perplexity, init="pca", random_state=seed, n_jobs=1)
    places: NDArray[np.float32] = tsne.fit_transform(np.asarray(found, np.float32)).astype(np.float32)
    return places


def _dense(places: NDArray[np.float32], least: int) -> NDArray[np.int64]:
    from sklearn.cluster import HDBSCAN

    found = HDBSCAN(min_cluster_size=least, min_samples=2, cluster_selection_method="leaf", copy=True)
    groups: NDArray[np.int64] = found.fit_predict(places).astype(np.int64)
    return groups if groups.max() >= 0 else np.zeros(len(places), np.int64)


def _between(
    centred: Vectors,
    chosen: NDArray[np.int64],
    places: NDArray[np.float32],
    groups: NDArray[np.int64],
    tell: Tell,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """All records' places and groups, from the landmarks': between the nearest, in the nearest's group."""
    count, landmarks = len(centred), centred[chosen]
    every, of_every = np.empty((count, 2), np.float32), np.empty(count, np.int64)
    for start in range(0, count, _BLOCK):
        cosines = centred[start : start + _BLOCK] @ landmarks.T
        near = np.argpartition(-cosines, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        weights = np.clip(np.take_along_axis(cosines, near, axis=1), 1e-3, None) ** 8
        weights /= weights.sum(axis=1, keepdims=True)
        every[start : start + _BLOCK] = (places[near] * weights[:, :, None]).sum(axis=1)
        of_every[start : start + _BLOCK] = groups[near[np.arange(len(near)), weights.argmax(axis=1)]]
        tell("groups", 0.8 + 0.2 * start / count)
    every[chosen], of_every[chosen] = places, groups
    return every, of_every


def _by_size(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same groups numbered by size, the largest 0."""
    names, sizes = np.unique(groups[groups >= 0], return_counts=True)
    renamed = {int(names[at]): n for n, at in enumerate(np.lexsort((names, -sizes)))}
    return np.array([renamed.get(int(group), -1) for group in groups], np.int64)


def _scaled(places: NDArray[np.float32]) -> NDArray[np.float32]:
    middle = (places.max(axis=0) + places.min(axis=0)) / 2
    scaled: NDArray[np.float32] = ((places - middle) / (np.abs(places - middle).max() or 1.0)).astype(
        np.float32
    )
    return scaled


def _in_a_row(count: int) -> NDArray[np.float32]:
    places = np.zeros((count, 2), np.float32)
    places[:, 0] = np.linspace(-0.5, 0.5, count) if count > 1 else 0.0
    return places


def _unit(rows: Vectors) -> Vectors:
    made: Vectors = (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)).astype(np.float32)
    return made
