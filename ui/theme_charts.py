"""The charts of the themes page: the map of points (Plotly, for its lasso), time and places (Altair)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ui.curation_client import Json
from ui.texts import Words

if TYPE_CHECKING:
    import altair
    from plotly.graph_objects import Figure

#: Told apart by people who see colours differently too (Okabe and Ito 2008, then Tol's muted).
_COLOURS = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8c2f23", "#56b4e9", "#e69f00", "#332288", "#117733",
    "#999933", "#882255", "#44aa99", "#aa4499", "#6f4e37",
)  # fmt: skip
_NONE = "#b8b0a2"
#: Themes named on the map.
NAMED = 24
_HEIGHT = 640
CONFIG: dict[str, Any] = {"scrollZoom": True, "displaylogo": False, "modeBarButtonsToRemove": ["toImage"]}


def colour(theme: int) -> str:
    """A theme's colour; grey for none."""
    return _COLOURS[theme % len(_COLOURS)] if theme >= 0 else _NONE


def scatter(themes: list[Json], points: list[Json], say: Words) -> Figure:
    """The map. One trace, so that a lasso over several themes is one selection; customdata: the record's id."""
    from plotly.graph_objects import Figure, Scatter

    names = {theme["number"]: "、".join(theme["words"][:3]) for theme in themes}
    figure = Figure(
        Scatter(
            x=[point["x"] for point in points],
            y=[point["y"] for point in points],
            mode="markers",
            marker={"size": 7 if len(points) < 2_000 else 5, "color": [colour(p["theme"]) for p in points]},
            customdata=[[p["id"], p["title"], p["year"] or "", names.get(p["theme"], "")] for p in points],
            hovertemplate="%{customdata[1]}<br>%{customdata[2]} %{customdata[3]}<extra></extra>",
        )
    )
    for theme in themes[:NAMED]:
        own = [(p["x"], p["y"]) for p in points if p["theme"] == theme["number"]]
        if own:
            x, y = (sum(values) / len(own) for values in zip(*own, strict=True))
            figure.add_annotation(x=x, y=y, text=names[theme["number"]], showarrow=False, font={"size": 11})
    hidden = {"visible": False, "range": [-1.08, 1.08]}
    figure.update_layout(
        height=_HEIGHT,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        xaxis=hidden,
        yaxis=hidden | {"scaleanchor": "x"},
        dragmode="lasso",
        showlegend=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure


def timeline(themes: list[Json], say: Words) -> altair.Chart:
    """Each theme's records by decade, the themes one under the other."""
    import altair as alt

    rows = [
        {
            "theme": "、".join(theme["words"][:3]),
            "decade": int(decade),
            "count": count,
            "number": theme["number"],
        }
        for theme in themes[:40]
        for decade, count in theme["decades"].items()
    ]
    made: altair.Chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_circle(color=_COLOURS[4], opacity=0.8)
        .encode(
            x=alt.X("decade:O", title=say("years"), axis=alt.Axis(labelAngle=0)),
            y=alt.Y("theme:N", title=None, sort=alt.SortField("number"), axis=alt.Axis(labelLimit=260)),
            size=alt.Size("count:Q", title=say("records_count"), legend=None),
            tooltip=["theme:N", "decade:O", "count:Q"],
        )
        .properties(height=alt.Step(22))
    )
    return made


def places(found: list[Json], say: Words) -> altair.LayerChart:
    """Where the records' places lie: points on degrees, no base map and no boundary."""
    import altair as alt

    base = alt.Chart(alt.InlineData(values=found)).encode(
        x=alt.X("longitude:Q", title=say("themes_longitude"), scale=alt.Scale(zero=False, padding=30)),
        y=alt.Y("latitude:Q", title=say("themes_latitude"), scale=alt.Scale(zero=False, padding=30)),
    )
    dots = base.mark_circle(color=_COLOURS[4], opacity=0.6).encode(
        size=alt.Size("count:Q", legend=None, scale=alt.Scale(range=[40, 900])), tooltip=["name:N", "count:Q"]
    )
    names = base.mark_text(dy=-12, fontSize=11).encode(text="name:N")
    made: altair.LayerChart = (dots + names).properties(width=760, height=560)
    return made
