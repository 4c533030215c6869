"""Every page of the portal, noun by noun. A new one is imported and registered here, and says which gate it is behind."""

from flask import Flask

from portal.pages import (
    agreement,
    case,
    emergency,
    errors,
    health,
    home,
    imports,
    log,
    people,
    record,
    search,
    sign_in,
)


def everything(app: Flask) -> None:
    """Register the blueprints and the error pages."""
    for noun in (health, sign_in, home, case, record, emergency, search, agreement, people, log, imports):
        app.register_blueprint(noun.pages)
    errors.install(app)
