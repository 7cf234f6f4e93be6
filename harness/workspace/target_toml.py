"""targets/NAME/target.toml, read into a Target."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator, model_validator

from harness.domain.address import NOWHERE, SCHEMES, SOCKETS, over_http, problem_of
from harness.domain.job_map import JobsMap, rag_jobs
from harness.domain.openai_options import USUAL_OPTIONS
from harness.domain.quota import Need as QuotaNeed
from harness.domain.quota import QuotaConfig
from harness.domain.retrieval_map import USUAL_RETRIEVAL, RetrievalMap
from harness.domain.sweep import MARK, Setting
from harness.domain.target import Auth, Dialect, PriceModel, RuntimeConfig, SourceConfig, Target
from harness.errors import BadFile, Problem, Refused
from harness.platforms import registry
from harness.tables.plain import impediments
from harness.tables.problems import nearest, read_toml, validate
from harness.tables.table import Table
from harness.tables.values import HeaderName, Limit, Line, Name, Title, Variable, distinct, name_problem
from harness.workspace import deployed, presets
from harness.workspace.api_toml import (
    VARIABLE,
    HeaderNamesTable,
    OpenAiTable,
    from_environment,
    header_problem,
    looks_like_its_name,
    plain,
)
from harness.workspace.jobs_toml import JobsTable
from harness.workspace.layers import laid_over
from harness.workspace.mapping_toml import MappingTable, RetrievalTable
from harness.workspace.one_region import with_region
from harness.workspace.platform_tables import (
    KindTable,
    PricesTable,
    collected,
    is_embedded,
    problems_of_prices,
    read_runtime,
    read_sources,
)
from harness.workspace.prospect import DEPLOYED, Prospect, without_unset
from harness.workspace.sides import problems_of_sides

KEPT = ("mapping", "openai", "api", "jobs", "retrieval")  # tables whose values are written into a run's folder
AUTH_FIELDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # what each kind wants, and what it may have
    "none": ((), ()),
    "header": (("env",), ("header",)),
    "aws-sigv4": (("region",), ("service",)),
    "google-id-token": ((), ("audience", "impersonate")),
    "azure-token": (("scope",), ()),
}
WHAT = {
    "env": "the variable that holds the header's value",
    "region": "the one that the function or API is in",
    "scope": 'as "api://CLIENT-ID/.default"',
}


class AuthTable(Table):
    """How requests are authorised; the secret itself stays in the environment."""

    kind: Literal["none", "header", "aws-sigv4", "google-id-token", "azure-token"] = "none"
    header: HeaderName | None = None
    env: Variable | None = None
    region: Line | None = None
    service: Literal["lambda", "execute-api", "sagemaker", "bedrock"] | None = None
    audience: Line | None = None
    impersonate: Line | None = None
    scope: Line | None = None

    @model_validator(mode="after")
    def _as_its_kind_wants(self) -> AuthTable:
        wants, may = AUTH_FIELDS[self.kind]
        said = {name for name in type(self).model_fields if name != "kind" and getattr(self, name) is not None}
        problems = [f'kind = "{self.kind}" wants {name}: {WHAT[name]}' for name in wants if name not in said]
        problems += [f'{name} does not go with kind = "{self.kind}"' for name in sorted(said - {*wants, *may})]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def made(self) -> Auth | None:
        """What is more than a header."""
        if self.kind in ("none", "header"):
            return None
        given = self.model_dump(exclude={"kind"}, exclude_none=True)
        return Auth(self.kind, ({"service": "lambda"} if self.kind == "aws-sigv4" else {}) | given)


class TlsTable(Table):
    """Certificates are always verified; a private authority is named here."""

    ca_file: Line


class QuotaTable(Table):
    """A quota that the plan must fit: by its code, or by a number that you have looked up."""

    name: Line
    needs: QuotaNeed
    limit: Limit | None = None
    service: Line | None = None
    code: str | None = Field(None, pattern=r"^L-[0-9A-F]{8}$")
    region: Line | None = None

    @model_validator(mode="after")
    def _one_or_the_other(self) -> QuotaTable:
        if (self.limit is None) == (self.code is None) or bool(self.code) != bool(self.service):
            raise ValueError("want either limit, or service and code")
        return self


class TargetToml(Table):
    """The whole file."""

    title: Title = ""
    base_url: str | None = None
    region: Line | None = None  # of every table that has one and says none: read apart, by one_region
    lanes: Annotated[tuple[str, ...], AfterValidator(distinct)] = Field(default=(), max_length=64)
    dialect: Dialect = Dialect.RAG_CHAT
    model: Line | None = None
    api: dict[str, str | int] = Field(default_factory=dict)
    mapping: MappingTable | None = None
    openai: OpenAiTable | None = None
    jobs: JobsTable | None = None
    retrieval: RetrievalTable | None = None
    verified: Title = "spec only"
    uses: Annotated[tuple[Name, ...], AfterValidator(distinct)] = Field(default=(), max_length=50)
    auth: AuthTable = AuthTable()
    headers: dict[str, str] = Field(default_factory=dict, max_length=50)
    header_names: HeaderNamesTable = Field(default_factory=HeaderNamesTable)
    tls: TlsTable | None = None
    prices: PricesTable | None = None
    sources: tuple[KindTable, ...] = Field(default=(), max_length=50)
    quotas: tuple[QuotaTable, ...] = Field(default=(), max_length=50)
    runtime: KindTable

    @field_validator("base_url")
    @classmethod
    def _url(cls, value: str | None) -> str | None:
        # a variable that is not set is told apart
        if value is not None and not VARIABLE.search(value) and (problem := problem_of(value, SCHEMES)):
            raise ValueError(problem)
        return value

    @model_validator(mode="after")
    def _as_its_dialect_wants(self) -> TargetToml:
        problems = []
        if (self.mapping is None) == (self.dialect is Dialect.MAPPED):
            problems.append('[mapping] and dialect = "mapped" go together')
        if self.dialect is Dialect.JOBS and self.jobs is None:
            problems.append('dialect = "jobs" requires [jobs]: how they are submitted and followed')
        if self.openai is not None and self.dialect is not Dialect.OPENAI_CHAT:
            problems.append('[openai] requires dialect = "openai-chat"')
        if self.model is not None and not self._names_model():
            problems.append('model: only requests of dialect "openai-chat", or with {model} in [mapping], name one')
        socket = self.mapping is not None and self.mapping.field_map().websocket is not None
        if not socket and any(urlsplit(url).scheme in SOCKETS for url in (self.base_url or "", *self.lanes)):
            problems.append('ws:// and wss:// require framing = "websocket" in [mapping.stream]')
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _names_model(self) -> bool:
        return self.dialect is Dialect.OPENAI_CHAT or (self.mapping is not None and self.mapping.names_model())

    @field_validator("lanes")
    @classmethod
    def _lane_urls(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for url in value:
            cls._url(url)
        return value

    @field_validator("headers")
    @classmethod
    def _no_secret(cls, value: dict[str, str]) -> dict[str, str]:
        if problems := [problem for name, text in value.items() if (problem := header_problem(name, text))]:
            raise ValueError("; ".join(problems))
        return value


@dataclass(frozen=True)
class Declared:
    """A whole target.toml: the file's own tables, and those that platforms read."""

    file: TargetToml
    runtime: RuntimeConfig
    sources: tuple[SourceConfig, ...]
    preset: str | None


def read_prospect(folder: Path, fill: Mapping[str, str]) -> Prospect:
    """One that may not be deployed yet; raises BadFile with whatever else is wrong with its file."""
    path = folder / "target.toml"
    data, variant_of = tables_of(path)
    known = _deployed(folder, variant_of)
    unset: tuple[str, ...] = ()
    if not is_embedded(data.get("runtime")):
        there = {name: value for name, value in known.items() if value != NOWHERE}
        data, unset = without_unset(data, {**there, **os.environ})
    target = _target(_checked(data, path, fill, known), folder, fill, variant_of)
    if (
        unset and target.ca_file is not None and not Path(target.ca_file).exists()
    ):  # deploying writes it with the address
        return Prospect(replace(target, ca_file=None), unset, (Path(target.ca_file).name,))
    return Prospect(target, unset)


def _deployed(folder: Path, variant_of: str | None) -> Mapping[str, str]:
    """What `pilot deploy` wrote beside the target, and beside that which it varies."""
    return {**(deployed.values(folder.parent / variant_of) if variant_of else {}), **deployed.values(folder)}


def read_target(
    folder: Path, fill: Mapping[str, str], setting: Setting | None = None, *, deploying: bool = False
) -> Target:
    """One target, or what a setting of its sweep makes of it; raises BadFile with every problem of its file.

    ``deploying``: variables that nobody has set are no problem, for its deployment is what sets them.
    """
    path = folder / "target.toml"
    data, variant_of = tables_of(path)
    known = _deployed(folder, variant_of)
    if deploying:  # what an earlier deployment wrote is no reason for this one to fail
        for name in DEPLOYED:
            there = os.environ if name == "base_url" else {**known, **os.environ}
            data = {**data, **without_unset({name: data[name]} if name in data else {}, there)[0]}
    declared = _checked(data if setting is None else laid_over(data, setting.laid_over), path, fill, known)
    made = _target(declared, folder, fill, variant_of)
    if setting is None:
        return made
    return replace(
        made,
        name=f"{folder.name}{MARK}{setting.name}",
        variant_of=folder.name,
        title=f"{made.label}, {setting.name}",
        sources=tuple(s for s in made.sources if not s.bills),  # a bill is of a day, not of a setting
    )


def target_of(data: Mapping[str, Any], name: str) -> Target:
    """A target of tables that stand in no file; raises BadFile, which names them by ``name``."""
    path = Path(name)
    return _target(_checked(data, path, {}), path, {}, None)


def undeclared(url: str, dialect: str, model: str | None) -> Target:
    """A target that no file declares, by its URL and the name of its API; raises Refused for what only a file can say."""
    name = urlsplit(url).netloc.replace(":", "-") or "host"
    said = {"dialect": dialect, "base_url": url, "runtime": {"kind": registry.uncontrolled()}}
    data, preset, problems = presets.laid_under(said | ({"model": model} if model else {}))
    if data["dialect"] == Dialect.MAPPED and "mapping" not in data:
        raise Refused("--dialect mapped: only a target.toml can say how it is asked", "declare it, and name --target")
    if problems:
        words = "; ".join(f"{p.field} {p.message}" for p in problems)
        raise Refused(f"--dialect {dialect}: {words}", "--model names a model; anything else is said in a target.toml")
    try:
        made = _read(data, Path(name), {}, [], preset)
    except BadFile as error:
        raise Refused(
            "; ".join(p.message for p in error.problems), "pilot check URL says what an endpoint speaks"
        ) from None
    return _target(made, Path(name), {}, None)


def _target(declared: Declared, folder: Path, fill: Mapping[str, str], variant_of: str | None) -> Target:
    model = declared.file
    return Target(
        name=folder.name,
        folder=folder,
        dialect=model.dialect,
        runtime=declared.runtime.filled({**fill, "python": sys.executable, "folder": str(folder)}),
        base_url=over_http(model.base_url) if model.base_url else None,
        lanes=tuple(over_http(url) for url in model.lanes),
        variant_of=variant_of,
        title=model.title,
        headers_from_env=_headers(model),
        headers=plain(model.headers),
        header_names=model.header_names.made(),
        auth=model.auth.made(),
        model=model.model,
        fields=model.mapping.field_map(model.model) if model.mapping else None,
        openai=model.openai.made() if model.openai else USUAL_OPTIONS,
        jobs=_jobs(model),
        retrieval=_retrieval(model),
        ca_file=str(folder / model.tls.ca_file) if model.tls else None,
        prices=_prices(model.prices, Path(fill.get("workspace", "."))) if model.prices else None,
        sources=declared.sources,
        quotas=tuple(QuotaConfig(**table.model_dump()) for table in model.quotas),
        verified=model.verified,
        uses=model.uses,
        preset=declared.preset,
    )


def _jobs(model: TargetToml) -> JobsMap | None:
    """As the file says, else the contract that goes with rag-chat/1."""
    if model.jobs is not None:
        return model.jobs.made()
    return rag_jobs() if model.dialect is Dialect.RAG_CHAT else None


def _retrieval(model: TargetToml) -> RetrievalMap | None:
    """``rag-chat/1`` says how; of any other API only its own table can."""
    if model.retrieval is not None:
        return model.retrieval.made()
    return USUAL_RETRIEVAL if model.dialect is Dialect.RAG_CHAT else None


def _prices(table: PricesTable, workspace: Path) -> PriceModel:
    """A book of a team's own is a file of the workspace; any other is one of this package."""
    billed = table.model_prices == "listed"
    return PriceModel(table.path(workspace), table.region, table.model, table.terms, billed)


def tables_of(path: Path) -> tuple[dict[str, Any], str | None]:
    """The file's tables; those of a variant are laid over the target's that it varies."""
    data = read_toml(path)
    name = data.pop("variant_of", None)
    if name is None:
        return data, None
    problem = name_problem(name) if isinstance(name, str) else "want the name of a target"
    if problem is not None:
        raise BadFile(path, [Problem("variant_of", problem)])
    base = path.parent.parent / name / "target.toml"
    if not base.is_file():
        raise BadFile(
            path, [Problem("variant_of", f"there is no target {name!r} beside this one{nearest(name, _beside(path))}")]
        )
    below = read_toml(base)
    if "variant_of" in below:
        raise BadFile(path, [Problem("variant_of", f"{name!r} is a variant itself: name the target that it varies")])
    return laid_over(below, data), str(name)


def _beside(path: Path) -> list[str]:
    return sorted(p.parent.name for p in path.parent.parent.glob("*/target.toml") if p != path)


def _checked(
    data: Mapping[str, Any], path: Path, fill: Mapping[str, str], known: Mapping[str, str] | None = None
) -> Declared:
    """With the preset's name, if it has one; raises BadFile with variables that are not set and whatever else is wrong."""
    if unfit := impediments(data):
        raise BadFile(path, unfit)
    data, problems = filled_in(data, known or {})
    data, unfit = with_region(data)
    problems += unfit
    data, preset, wrong = presets.laid_under(data)
    problems += wrong
    if any(problem.field == "dialect" for problem in wrong):
        raise BadFile(path, problems)  # of an unknown API nothing else can be judged
    return _read(data, path, fill, problems, preset)


def _read(
    data: Mapping[str, Any], path: Path, fill: Mapping[str, str], known: Sequence[Problem], preset: str | None
) -> Declared:
    """Every table of the file, the platforms' among them; raises BadFile with all that is wrong in any, ``known`` first."""
    problems: list[Problem] = []
    runtime = collected(problems, read_runtime, data.get("runtime"), path)
    sources = collected(problems, read_sources, data.get("sources"), path) or ()
    model = collected(problems, validate, TargetToml, data, path)
    problems += problems_of_sides(data, path)
    if model and model.prices:
        problems += problems_of_prices(model.prices, Path(fill.get("workspace", ".")))
    if model and runtime and not runtime.embedded and not model.base_url:
        problems.append(Problem("", "base_url is required: only an embedded target's is known once it is up"))
    unset = "${" if known else None  # its variable is told already
    said = [p for p in problems if unset is None or unset not in p.message or p.field == "headers"]
    if known or said or model is None or runtime is None:
        raise BadFile(path, [*known, *said])
    return Declared(model, runtime, sources, preset)


def filled_in(data: Mapping[str, Any], known: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    """The tables with each ``${VARIABLE}`` replaced, by the environment's value or a ``known`` one, and those that are not set.

    Headers keep theirs: secrets are read where they are sent. So do commands and variables of embedded targets.
    """
    missing: list[Problem] = []

    def fill(value: Any, field: str) -> Any:  # noqa: ANN401 - whatever the file holds
        if isinstance(value, str):
            if field.partition(".")[0] in KEPT and (
                secret := [n for n in VARIABLE.findall(value) if looks_like_its_name(n)]
            ):
                words = f'{secret[0]} would stand in evidence: write "{{env:{secret[0]}}}" in a message, or send it as a header'
                missing.append(Problem(field, words))
            found = {name: os.environ.get(name) or known.get(name) for name in VARIABLE.findall(value)}
            names = [name for name, said in found.items() if not said]
            missing.extend(Problem(field, f"environment variable {name} is not set") for name in names)
            return value if names else VARIABLE.sub(lambda m: found[m.group(1)] or "", value)
        if isinstance(value, list):
            return [fill(inner, f"{field}[{k}]") for k, inner in enumerate(value)]
        if isinstance(value, dict):
            return {key: fill(inner, f"{field}.{key}") for key, inner in value.items()}
        return value

    apart = ("headers", "runtime") if is_embedded(data.get("runtime")) else ("headers",)
    return {key: value if key in apart else fill(value, key) for key, value in data.items()}, missing


def _headers(model: TargetToml) -> dict[str, str]:
    """Header name to the variable that holds its value."""
    auth = {model.auth.header or "Authorization": model.auth.env} if model.auth.env else {}
    return from_environment(model.headers) | auth
