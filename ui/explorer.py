"""The script Streamlit runs for every view: who is looking, which page, the frame around it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from ui import (
    page_accounts,
    page_audit,
    page_browse,
    page_calendar,
    page_collection,
    page_home,
    page_keys,
    page_list,
    page_me,
    page_offer,
    page_offers,
    page_openings,
    page_plan,
    page_plans,
    page_publish,
    page_quarantine,
    page_readers,
    page_record,
    page_review,
    page_review_batch,
    page_review_bulk,
    page_review_item,
    page_search,
    page_series,
    page_showings,
    page_sign_in,
    page_themes,
    page_visits,
    page_workspace,
)
from ui.frame import Desk, desk, frame, trouble

PAGES: dict[str, Callable[[Desk], None]] = {
    "search": page_search.show,
    "browse": page_browse.show,
    "list": page_list.show,
    "record": page_record.show,
    "openings": page_openings.show,
    "review": page_review.show,
    "review-batch": page_review_batch.show,
    "review-bulk": page_review_bulk.show,
    "review-item": page_review_item.show,
    "readers": page_readers.show,
    "quarantine": page_quarantine.show,
    "publish": page_publish.show,
    "accounts": page_accounts.show,
    "keys": page_keys.show,
    "audit": page_audit.show,
    "home": page_home.show,
    "workspace": page_workspace.show,
    "collection": page_collection.show,
    "plans": page_plans.show,
    "plan": page_plan.show,
    "themes": page_themes.show,
    "series": page_series.show,
    "calendar": page_calendar.show,
    "showings": page_showings.show,
    "offer": page_offer.show,
    "offers": page_offers.show,
    "visits": page_visits.show,
    "sign-in": page_sign_in.show,
    "enrol": page_sign_in.show_enrol,
    "me": page_me.show,
}


def main() -> None:
    """One run."""
    here = desk()
    # Streamlit takes "" as the address of the default page.
    pages = {
        name: st.Page(
            partial(show, here),
            title=f"{here.say('nav_' + name.replace('-', '_'))} · {here.say('name')}",
            url_path="" if name == "search" else name,
            default=name == "search",
        )
        for name, show in PAGES.items()
    }
    st.set_page_config(page_icon="▣", layout="wide")
    st.session_state["pages"] = pages
    chosen = st.navigation(list(pages.values()), position="hidden")
    name = next(name for name, page in pages.items() if page.url_path == chosen.url_path)
    frame(here, name)
    with st.container(key="page"), trouble(here):
        chosen.run()


main()
