"""Generations of one audience that no reader follows: the one a rebuild fills, and the one it left.

The one being filled gets all that is written to the live one. The one that is kept only loses: whatever is
written or withdrawn leaves it, so that going back is filling in what it lacks, and nothing withdrawn returns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from holdings.engines.embedded_generation import GenerationWriter
from holdings.engines.embedded_layout import AudienceFolder, Generation
from holdings.engines.port import Document, MadeWith
from holdings.errors import Conflict, IndexMismatch

#: Documents filled in between two commits of a new generation: what a kill costs.
SAVE_EVERY = 4_096


class Beside:
    """Not for several threads at once.

    building: the writer of the generation that is being filled. touched: ids written or deleted since its
    filling began, or went on after a kill.
    """

    def __init__(
        self, folder: AudienceFolder, made_with: MadeWith, opened: Callable[[Generation], GenerationWriter]
    ) -> None:
        self._folder = folder
        self._made_with = made_with
        self._opened = opened
        self._unsaved = 0
        self._kept: GenerationWriter | None = None
        self.building: GenerationWriter | None = None
        self.touched: set[str] = set()

    def take_up(self) -> None:
        """Go on with what a kill cut short, where it can still be finished; what is of no more use goes."""
        unfinished, kept = self._folder.building, self._folder.kept
        if self.building is None and unfinished and self._is_mine(unfinished):
            self.building = self._opened(unfinished)
        elif self.building is None:
            self._folder.build(None)
        if kept and not kept.is_ours():
            self._folder.keep(None)
        self.tidy()

    def _is_mine(self, generation: Generation) -> bool:
        return generation.is_ours() and generation.made_with() == self._made_with

    def tidy(self) -> None:
        """Remove generations that have no use, as far as no reader looks into them."""
        used = [self._folder.current(), self._folder.building, self._folder.kept]
        self._folder.remove_others(*filter(None, used))

    # ── filling ─────────────────────────────────────────────────────────────────

    def begin(self, back: bool) -> None:
        kept = self._folder.kept
        if back and kept:
            if not self._is_mine(kept):
                unlike = kept.made_with()
                raise IndexMismatch(
                    f"保留的旧索引 {kept.name} 的制作条件与现在不同（{unlike}）。",
                    advice="请先换回当时的词典与模型，再运行：danghai index rollback",
                )
            self.abandon()
            self._close_kept()
            self._folder.build(kept)
            self._folder.keep(None)
            self.building = self._opened(kept)
        elif self.building is None and back:
            raise Conflict("没有保留旧索引，无从退回。")
        elif self.building is None:
            generation = self._folder.start_generation(self._made_with)
            self._folder.build(generation)
            self.building = self._opened(generation)
            self.touched = set()

    def fill(self, documents: Sequence[Document]) -> None:
        building = self._filled()
        fresh = [made for made in documents if made.id not in self.touched]
        building.write(fresh, ())
        self._unsaved += len(fresh)
        if self._unsaved >= SAVE_EVERY:
            building.commit()
            self._unsaved = 0

    def _filled(self) -> GenerationWriter:
        if self.building is None:
            raise Conflict(f"索引 {self._folder.folder.name} 没有正在进行的重建。")
        return self.building

    def finish(self, left: GenerationWriter | None, keep: bool) -> GenerationWriter:
        """Switch to the new generation, and return its writer; `left` is that of the old one, closed."""
        built, folder = self._filled(), self._folder
        built.commit()
        self._close_kept()
        if left:
            left.commit()
            left.close()
        # A kill between any two of these steps leaves either generation whole and in use (AudienceFolder).
        folder.keep(left.generation if left and keep else None)
        folder.switch_to(built.generation)
        folder.build(None)
        self.building, self.touched, self._unsaved = None, set(), 0
        self.tidy()
        return built

    def abandon(self) -> None:
        if self.building:
            self.building.close()
            self.building, self.touched = None, set()
        self._folder.build(None)
        if self._folder.points:
            self.tidy()

    # ── keeping ─────────────────────────────────────────────────────────────────

    def forget(self, ids: Iterable[str]) -> None:
        """What is written or withdrawn leaves the generation that is kept."""
        if self._kept is None and (kept := self._folder.kept):
            self._kept = self._opened(kept)
        if self._kept:
            self._kept.write((), ids)

    def commit(self) -> None:
        if self._kept:
            self._kept.commit()

    def drop_kept(self) -> None:
        self._close_kept()
        self._folder.keep(None)
        self.tidy()

    def _close_kept(self) -> None:
        if self._kept:
            self._kept.close()
            self._kept = None

    def close(self) -> None:
        """What was not committed is as if never filled in."""
        self._close_kept()
        if self.building:
            self.building.close()
            self.building = None
