"""Table of what was done to a plan on its way before the public (holdings/plan_rules.py)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from holdings.catalogue.tables import Base, BigId


class PlanActRow(Base):
    """One act of one person. Never changed, never deleted. part: the object whose label was approved, else "".
    digest: SHA-256 of what it was about.  slug, edition: address and number of what was published, else "" and 0."""

    __tablename__ = "plan_acts"
    __table_args__ = (
        Index("ix_plan_acts_project", "project_id", "id"),
        Index("ix_plan_acts_slug", "slug"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    part: Mapped[str] = mapped_column(String(32))
    step: Mapped[str] = mapped_column(String(16))
    digest: Mapped[str] = mapped_column(String(64))
    words: Mapped[str] = mapped_column(Text)
    slug: Mapped[str] = mapped_column(String(80))
    edition: Mapped[int]
    by_id: Mapped[str] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
