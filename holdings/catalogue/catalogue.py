"""The catalogue as the other rooms see it: small parts over one database."""

from __future__ import annotations

from holdings.catalogue.accounts import Accounts
from holdings.catalogue.anniversaries import Anniversaries, Showings
from holdings.catalogue.audiences import Audiences
from holdings.catalogue.bulk_reviews import BulkReviews
from holdings.catalogue.colleagues import Colleagues
from holdings.catalogue.database import Database
from holdings.catalogue.decisions import Decisions
from holdings.catalogue.due import DueList
from holdings.catalogue.editions import Editions
from holdings.catalogue.engine_choice import EngineChoice
from holdings.catalogue.failures import Failures
from holdings.catalogue.favourites import Favourites
from holdings.catalogue.grants import Grants
from holdings.catalogue.keys import Keys
from holdings.catalogue.offers import Offers
from holdings.catalogue.outbox import Outbox
from holdings.catalogue.pages import Pages
from holdings.catalogue.plan_acts import PlanActs
from holdings.catalogue.project_comments import ProjectComments
from holdings.catalogue.project_finds import ProjectFinds
from holdings.catalogue.project_history import ProjectHistory
from holdings.catalogue.project_parts import ProjectParts
from holdings.catalogue.projects import Projects
from holdings.catalogue.publishing import Publishing
from holdings.catalogue.quarantine import Quarantine
from holdings.catalogue.records import Records
from holdings.catalogue.redactions import Redactions
from holdings.catalogue.removal import Removal
from holdings.catalogue.review_lists import ReviewLists
from holdings.catalogue.reviews import Reviews
from holdings.catalogue.secrets import Secrets
from holdings.catalogue.seen_pages import SeenPages
from holdings.catalogue.seen_records import SeenRecords
from holdings.catalogue.series import SeriesTable
from holdings.catalogue.sessions import Sessions
from holdings.catalogue.theme_runs import ThemeRuns
from holdings.catalogue.visits import Visits
from holdings.catalogue.volumes import Volumes
from holdings.catalogue.workers import Workers


class Catalogue:
    """The system of record. Thread-safe; every call is its own short transaction.

    records: descriptions and what hangs on them.  pages: page texts and the OCR's list of work.
    outbox: what the indexes still lack.  keys: API keys.  engine: which engine answers.
    secrets: what all processes must know.
    accounts, sessions, failures: who may sign in, who is, and who tried in vain.
    audiences: those that were added.  grants: records opened to one reader.
    quarantine: records held back for a secrecy mark.  removal: of those that are secrets indeed.
    redactions: what of pages is for staff alone.  seen_pages, seen_records: as all others see them.
    workers: who shares in the work now.
    volumes: open ones whose files are not.
    due, reviews, bulk_reviews, decisions, review_lists: the opening review and the web review.
    publishing: what was carried to the public installation.
    series, anniversaries, showings, theme_runs: curation, and what was shown already.
    projects, project_parts, project_history, project_comments, project_finds: what people work on together;
    colleagues: who.
    plan_acts: what was done to plans on their way before the public.
    editions: exhibitions as they were published.
    offers, visits, favourites: the public's part.
    """

    def __init__(self, url: str, statement_seconds: float | None = None) -> None:
        """statement_seconds: as Database's."""
        self.database = Database(url, statement_seconds)
        self.records = Records(self.database)
        self.pages = Pages(self.database)
        self.outbox = Outbox(self.database)
        self.keys = Keys(self.database)
        self.secrets = Secrets(self.database)
        self.accounts = Accounts(self.database)
        self.sessions = Sessions(self.database)
        self.failures = Failures(self.database)
        self.engine = EngineChoice(self.database)
        self.audiences = Audiences(self.database)
        self.grants = Grants(self.database)
        self.quarantine = Quarantine(self.database)
        self.removal = Removal(self.database)
        self.redactions = Redactions(self.database)
        self.seen_pages = SeenPages(self.pages, self.redactions)
        self.seen_records = SeenRecords(self.records, self.redactions)
        self.workers = Workers(self.database)
        self.due = DueList(self.database)
        self.volumes = Volumes(self.database)
        self.reviews = Reviews(self.database)
        self.bulk_reviews = BulkReviews(self.database)
        self.decisions = Decisions(self.database)
        self.review_lists = ReviewLists(self.database)
        self.publishing = Publishing(self.database, self.records, self.redactions)
        self.series = SeriesTable(self.database)
        self.anniversaries = Anniversaries(self.database)
        self.showings = Showings(self.database)
        self.theme_runs = ThemeRuns(self.database)
        self.projects = Projects(self.database)
        self.project_parts = ProjectParts(self.database)
        self.project_history = ProjectHistory(self.database)
        self.project_finds = ProjectFinds(self.database)
        self.project_comments = ProjectComments(self.database)
        self.colleagues = Colleagues(self.database)
        self.plan_acts = PlanActs(self.database)
        self.editions = Editions(self.database, self.records, self.redactions)
        self.offers = Offers(self.database)
        self.visits = Visits(self.database)
        self.favourites = Favourites(self.database)

    def upgrade(self) -> None:
        self.database.upgrade()

    def close(self) -> None:
        self.database.close()
