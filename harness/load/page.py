"""Locust's page: its form shows what is in force, what it posts is read as the command line is, and a refusal is answered to it.

Locust's own handler of the form sets whatever is posted, each list posts its first entry
where nobody chose one, and what is refused later is only logged. Who may post is the gate's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from locust.argument_parser import ui_extra_args_dict

from harness.errors import PilotError, Refused
from harness.load.form import chosen, in_force
from harness.load.gate import Gate, Page, page_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from locust.argument_parser import LocustArgumentParser
    from locust.env import Environment

    from harness.load.spec import RunSpec

MOST_BYTES = 64 * 1024  # of a form
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def serve(
    environment: Environment,
    parser: LocustArgumentParser,
    start: Callable[[argparse.Namespace], None],
    now: Callable[[], RunSpec | None],
) -> Page | None:
    """Answer the form of this web UI, to whoever has its address.

    ``start`` begins a run and raises PilotError where it does not; ``now`` is the run as a start alone would begin it.
    """
    ui = environment.web_ui
    if ui is None or ui.app is None:
        return None
    assert environment.parsed_options is not None
    page = page_of(environment.parsed_options)
    ui.app.wsgi_app = Gate(ui.app.wsgi_app, page)  # type: ignore[method-assign]
    ui.app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    from flask import jsonify, request  # noqa: PLC0415 - only where there is a web UI

    fields = {name: parser.args_included_in_web_ui[name] for name in ui_extra_args_dict()}  # what the page shows
    as_locust_does = ui.update_template_args

    def update_template_args() -> None:
        as_locust_does()
        spec, shown = now(), ui.template_args
        shown["extra_options"] = in_force(shown["extra_options"], environment.parsed_options, spec)
        shown["host"] = (spec.base_url if spec else None) or shown["host"]
        shown["missing_host_warning"] = not shown["host"]

    def swarm() -> Any:  # noqa: ANN401 - Flask's
        assert environment.parsed_options is not None
        said: dict[str, Any] = {"success": True, "message": "The run starts"}
        try:
            if request.mimetype not in FORMS or request.args or request.files:
                raise Refused("what was posted is not the page's form", "use the page itself")
            spec = now()
            shown = spec.base_url if spec else None
            given = chosen(request.form.to_dict(flat=False), environment.parsed_options, fields, shown)
            start(given)
        except PilotError as error:
            said = {"success": False, "message": f"Refused: {error}" + (f" ({error.hint})" if error.hint else "")}
        return jsonify({**said, "host": environment.host})

    ui.update_template_args = update_template_args  # type: ignore[method-assign]
    ui.app.view_functions["locust.swarm"] = ui.auth_required_if_enabled(swarm)
    return page
