"""The year histogram: records by year, brushed to choose years."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from ui import shapes
from ui.state import Search, parse
from ui.texts import Words

if TYPE_CHECKING:
    import altair

_BRUSH = "brush"
_INK = "#8c2f23"
_PALE = "#cbbfa9"
_HEIGHT = 96


def brushed(selection: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """What Vega says was brushed → first and last year, both inclusive. Nothing brushed: (None, None).

    A bar stands from its year to the next, so a brush over part of a bar takes that year in.
    """
    ranges = [v for v in selection.get(_BRUSH, {}).values() if isinstance(v, list) and len(v) == 2]
    if not ranges:
        return None, None
    low, high = sorted(float(edge) for edge in ranges[0])
    first = math.floor(low)
    return first, max(first, math.ceil(high) - 1)


def show(search: Search, years: Sequence[shapes.YearCount], say: Words) -> None:
    """Draw it. A brush changes the address; the chart stays mounted, so that the brush stays in hand."""
    if not years:
        return
    data = tuple((year["year"], year["count"]) for year in years)
    now = (search.year_from, search.year_to)
    # What the chart was mounted with stays as it is while the change came from the chart itself:
    # another specification would be another chart, and take the brush out of the hand.
    held = st.session_state.get("histogram_held")
    seed = held["seed"] if held and held["data"] == data and held["made"] == now else now
    key = f"histogram_{abs(hash((data, seed, say.language)))}"
    st.session_state["histogram_held"] = {"data": data, "seed": seed, "made": now, "key": key}

    def follow() -> None:
        first, last = brushed(st.session_state[key]["selection"])
        st.session_state["histogram_held"]["made"] = (first, last)
        current = parse({name: st.query_params.get_all(name) for name in st.query_params})
        if (first, last) != (current.year_from, current.year_to):
            st.query_params.from_dict(_as_dict(current.between(first, last)))

    with st.container(key="histogram"):
        st.altair_chart(
            chart(data, seed, say), key=key, on_select=follow, selection_mode=_BRUSH, width="stretch"
        )


def chart(data: Sequence[tuple[int, int]], seed: tuple[int | None, int | None], say: Words) -> altair.Chart:
    """The chart. data: (year, count); seed: the years it begins brushed with."""
    import altair as alt

    low, high = _span(data)
    first, last = seed
    start: dict[str, Any] = {}
    if first is not None or last is not None:
        start = {"value": {"x": [max(low, first or low), min(high, (last or high) + 1)]}}
    brush = alt.selection_interval(name=_BRUSH, encodings=["x"], **start)
    rows = [{"year": year, "end": year + 1, "count": count} for year, count in data]
    drawn: altair.Chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_rect()
        .encode(
            x=alt.X(
                "year:Q",
                scale=alt.Scale(domain=[low, high], nice=False),
                axis=alt.Axis(format="d", tickCount=4, title=None, grid=False),
            ),
            x2="end:Q",
            y=alt.Y("count:Q", axis=None, scale=alt.Scale(zero=True)),
            y2=alt.datum(0),
            color=alt.condition(brush, alt.value(_INK), alt.value(_PALE)),
            tooltip=[
                alt.Tooltip("year:Q", title=say("year"), format="d"),
                alt.Tooltip("count:Q", title=say("records_count")),
            ],
        )
        .add_params(brush)
        .properties(height=_HEIGHT, background="transparent")
        .configure_view(strokeWidth=0)
    )
    return drawn


def _span(data: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """First year and the year after the last, widened to ten years at least."""
    low, high = data[0][0], data[-1][0] + 1
    missing = max(0, 10 - (high - low))
    return low - missing // 2, high + missing - missing // 2


def _as_dict(search: Search) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    for name, value in search.params():
        said.setdefault(name, []).append(value)
    return said
