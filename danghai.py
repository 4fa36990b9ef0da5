"""档海 Danghai: the front door. One Typer app that mounts the commands of the rooms."""

from __future__ import annotations

import typer

from holdings.audit.commands import audit_app
from holdings.commands import db_app, keys_app
from holdings.commands_accounts import accounts_app
from holdings.commands_audiences import audiences_app
from holdings.commands_reviews import review_app
from holdings.publishing.commands import publish_app
from indexer import commands as indexing
from indexer import work_commands as working
from indexer.commands_quarantine import quarantine_app
from indexer.index_commands import index_app
from models.commands import models_app
from search_api.commands import search
from search_api.commands_exhibitions import exhibitions_app
from search_api.commands_series import series_app
from serving import demo, serve, ui, work

app = typer.Typer(
    name="danghai",
    help="档海：档案检索与语义发现。Search and semantic discovery for archives.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.command()(indexing.ingest)
app.command()(search)
app.command()(serve)
app.command()(ui)
app.command()(demo)
app.command()(indexing.read)
app.command(hidden=True)(indexing.project)
app.command("work-one", hidden=True)(working.one)
work_app = typer.Typer(help="分担识读与向量 share in reading and embedding", invoke_without_command=True)
work_app.callback()(work)
work_app.command("status")(working.status)
app.add_typer(work_app, name="work")
app.add_typer(models_app, name="models")
app.add_typer(index_app, name="index")
app.add_typer(db_app, name="db")
app.add_typer(keys_app, name="keys")
app.add_typer(accounts_app, name="accounts")
app.add_typer(audiences_app, name="audiences")
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(review_app, name="review")
app.add_typer(series_app, name="series")
app.add_typer(exhibitions_app, name="exhibitions")
app.add_typer(audit_app, name="audit")
app.add_typer(publish_app, name="publish")


def main() -> None:
    app()


if __name__ == "__main__":
    main()
