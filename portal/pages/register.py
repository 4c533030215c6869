"""Every page of the portal, noun by noun. A new one is registered here, and says which gate it is behind."""

from flask import Flask

from portal.pages import (
    action,
    agreement,
    ask,
    away,
    case,
    change,
    comment,
    confirming,
    contract,
    copying,
    criteria,
    decide,
    delegation,
    emergency,
    errors,
    granting,
    health,
    help,
    home,
    imports,
    inbox,
    induction,
    joining,
    kept,
    log,
    log_kept,
    log_proof,
    log_sheet,
    mails,
    meetings,
    paper,
    papers,
    people,
    plan,
    privacy,
    publishing,
    question,
    record,
    refer,
    same_person,
    search,
    secondment,
    sign_in,
    sign_out,
    stands,
    team,
    team_case,
    transfer,
)


def everything(app: Flask) -> None:
    """Register the blueprints and the error pages."""
    front = (health, help, sign_in, sign_out, home, mails, privacy, induction, joining, away, delegation, question)
    work = (case, plan, stands, transfer, record, comment, confirming, action, change, kept, copying)
    sheets = (emergency, paper, papers)
    lists = (search, imports, refer, inbox, same_person, criteria, team, team_case)
    panel = (meetings, decide, ask, granting)
    officers = (log, log_kept, log_proof, log_sheet)
    parties = (agreement, people, secondment, contract)
    for noun in (*front, *work, *sheets, *lists, *panel, *officers, *parties, publishing):
        app.register_blueprint(noun.pages)
    errors.install(app)
