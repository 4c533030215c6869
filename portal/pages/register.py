"""Every page of the portal, noun by noun. A new one is registered here, and says which gate it is behind."""

from flask import Flask

from portal.pages import (
    agreement,
    case,
    change,
    emergency,
    errors,
    health,
    help,
    home,
    imports,
    kept,
    log,
    paper,
    people,
    record,
    search,
    sign_in,
    sign_out,
)


def everything(app: Flask) -> None:
    """Register the blueprints and the error pages."""
    front = (health, help, sign_in, sign_out, home)
    for noun in (*front, case, record, change, kept, emergency, paper, search, agreement, people, log, imports):
        app.register_blueprint(noun.pages)
    errors.install(app)
