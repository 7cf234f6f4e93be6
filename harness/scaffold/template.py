"""pilot.toml with a comment for every field."""

from __future__ import annotations

import json

from harness.domain.lines import lines_of
from harness.scaffold.answers import EXTERNAL, Answers
from harness.scaffold.workloads import tables

FULL = """\
[profiles.steady]            # each profile is loadprofiles/NAME.py; options here are laid over it
rate       = 1               # requests a second
duration_s = 600             # the measured part
warmup_s   = 60              # before it, not measured
# start    = "warm"          # or "cold": made cold before each run
# arrivals = "poisson"       # or constant, gamma (with cv)
# cv       = 2.0             # coefficient of variation of gamma's gaps
# trace    = "trace.csv"     # send at the instants of a file; speed = 2.0 plays it faster
# role     = "burst"         # what it is for, where a trace is one; default: what its arrivals are
# noisy    = "acme"          # the tenant of [tenants] that makes every burst
# p95_s    = 0.3             # what a search, or a profile of passages alone, is held to; default: slo.p95_s
# file     = "steady"        # which loadprofiles/FILE.py; default: this table's name

[profiles.burst]             # square bursts of five times the rate
rate       = 1
duration_s = 600

[profiles.capacity]          # a track of its own, repeats times on each target
rate    = 1                  # where the search starts
repeats = 3

# [profiles.retrieval]       # passages alone, which no model answers; retrieval_capacity searches for how many (retrieval.md)
# rate  = 10
# p95_s = 0.3
{tracks}
[profiles.aa]                # an A/A run: the baseline under both labels; what it calls different, the harness made different
aa_of   = "steady"
repeats = 6

# [profiles.jobs]            # submissions of jobs, each followed until it ended: docs/measure-jobs.md
# variant  = "backlog"       # or "nightly"; without: steady submissions
# jobs     = "jobs.jsonl"    # what is submitted
# drain_s  = 300             # how long jobs are waited for after the last submission
# poll_s   = 1               # shortest time between two questions about one job
# poll_rate = 100            # most questions a second about all jobs; without: what the planned number of jobs needs
# callback = "loopback"      # be called back on this machine, or the public address that leads to it
"""
TRACKS = """
[profiles.coldstart]         # probes after the control plane made it cold, each with a warm control
repeats = 6

[profiles.fromzero]          # many at once, from nothing
repeats = 3

[profiles.keepalive]         # how long an idle instance is kept
repeats = 1
"""
QUICK = """\
[profiles.steady]            # a first look: steady traffic alone, in minutes; delete this file's quick parts for the real pilot
rate       = 8               # 6 blocks make 1,152 measured requests a target; 752 without a failure settle a promise of 1 %
duration_s = 24
warmup_s   = 2
"""
QUICK_TOKENS = 64
QUICK_SCALE = 0.25  # of the embedded model's clock: two cores carry the rate, and answers come within the promises


def pilot_toml(a: Answers) -> str:
    """The file's text; it reads back as a PilotToml."""
    embedded = any(side.kind.startswith("local_") for side in (a.baseline, a.candidate))
    cold = a.baseline.kind != EXTERNAL or a.candidate.kind != EXTERNAL
    external = a.baseline.kind == a.candidate.kind == EXTERNAL
    profiles = QUICK if a.quick else FULL.format(tracks=TRACKS if cold else "")
    judged = '["steady"]' if a.quick else '["steady", "burst"]'
    said = ["A first look in minutes: few requests, one day, steady traffic alone."]
    said += [f"Answers are cut at {QUICK_TOKENS} tokens."] if embedded else []
    notes = json.dumps(said) if a.quick else "[]"
    scale = QUICK_SCALE if a.quick and embedded else None
    cap = f"max_tokens = {QUICK_TOKENS}" if a.quick and embedded else "# max_tokens     = 512  "
    slots = "[]  # none: blocks follow one another at once; the real pilot has day-parts, as " if a.quick else ""
    questions = 'questions    = "questions.jsonl"   # one JSON object a line: id, messages, max_tokens, top_k; replace it by yours'
    if not external:
        questions = (
            '# questions  = "questions.jsonl"   # your own, one JSON object a line; default: made with the corpus'
        )
    evaluation = "" if external else '; "{corpus}/evaluation.jsonl" is made with the corpus'
    return _aligned(f"""\
# This pilot: two deployments of one chat API, and what they are held to. docs: pilot-toml.md of runtime-pilot.
# What decides (pilot to profiles) is sealed by `pilot plan --seal`, again until anything is measured; a later change stands in the report.

[pilot]
question  = {_text(a.question)}
baseline  = {_text(a.baseline.folder)}        # folders under targets/
candidate = {_text(a.candidate.folder)}
variants  = []               # more targets, measured by the cold-start tracks alone
# hybrid  = "local_router"   # a router before both, measured in the blocks too
blocks    = {6 if a.quick else 12}               # pairs of measurements; a verdict needs at least 6
days      = {1 if a.quick else 10}               # over how many days they spread
seed      = 20261122         # of schedules and order
stop      = "settled"        # at the sealed look at which more blocks can't change the answer; or "never" before the plan's end

[slo]                        # promises, counted from the moment a request was due
p95_s      = {a.p95_s:.15g}
# p99_s    = {a.p95_s * 2:.15g}              # at least 299 requests are needed to certify one
{_or_not("ttft_p95_s", a.ttft_p95_s, 2.0)}        # to the first token
# first_reasoning_p95_s = 1.0  # to the first token of a model's reasoning
error_rate = {a.error_rate:.15g}            # share of failed requests
# goodput      = 0.95        # least share of the offered that is answered within every limit
# full_quality_share = 0.98  # least share of the offered that the target's own model answers, with all its passages
# availability = 0.999       # two weeks can show evidence against it, never for it
{_or_not("monthly_runtime_usd", a.monthly_runtime_usd, 600)}   # what the runtime may cost
# monthly_total_usd = 12000  # with tokens and stores
# start = {{ requests_per_month = 50000, monthly_runtime_usd = 150, monthly_total_usd = 400 }}  # ceilings of the first months
profiles   = {judged}   # which profiles are judged

[traffic]                    # what cost is scored at
requests_per_month = {a.requests_per_month}
peak_per_s         = {a.peak_per_s:.15g}
# week  = [1, 1, 2, 4]       # 24 relative rates (every day) or 168 (from Monday 00:00 UTC)
# trace = "week.csv"         # or a CSV of timestamps, a day or more of it

[margins]                    # differences that do not matter to you, as ratios
latency = 1.10
cost    = 1.10

[limits]
budget_usd  = {a.budget_usd:.15g}             # modelled at list prices, deployments by the day; the pilot stops before it
# standing_usd_per_day = 1.50  # beside the targets for the pilot alone; unless set, what pilot deploy made there
max_rate    = 40             # no run asks faster than this
stop_file   = "STOP"         # a file of this name stops the pilot
attempts    = 3              # of a block whose run was INVALID
quota_share = 0.5            # how much of a quota that production shares may be used

# What the product does besides, and for whom; the report says of each where it belongs. kind: a request's caller waits for the
# answer, a job is submitted and done later. waited_for: whether a person waits. measured_by: the profile that measures it; without
# one it is "not measured", whatever is declared here. slo: its own promises. docs: workloads.md
{tables(a.workloads, a.requests_per_month)}
# [costs.database]           # one table for each thing that you pay for and that is on no platform's bill
# title                    = "Document store"
# usd_per_month            = 412.50
# usd_per_million_requests = 1.20
# hours_per_month          = 3      # of people's work, with usd_per_hour
# usd_per_hour             = 90
# layer                    = "shared"  # or "runtime"
# source                   = "invoice of October"  # where the figure comes from; required
# targets                  = [{_text(a.candidate.folder)}]  # who has it; default: both
# covers                   = ["pgvector"]  # which of a target's uses, or its front, this pays for

# [generator]                # who sends the load: generator.md; without it this machine, in one process
# kind      = "hosts"        # machines of your own; "kubernetes" and "fargate" bring theirs up; "local" wants no address
# address   = "10.0.0.5"     # this machine as they see it; ports from 5560 on
# processes = 2              # workers on each; with "local" as --processes by hand
# usd_per_hour = 0.30        # what all of them cost together, where no price book knows it
# [generator.hosts]
# load_1 = ["ssh", "load-1", "cd /srv/pilot && PILOT_TRUST=$PWD exec .venv/bin/python -P -m harness.launch.standby"]

# [on.aws]                   # pilot run --on aws: the campaign itself on a machine in this region
# region     = "us-east-1"
# until      = "2026-12-11"  # it stops on this day, whatever goes on
# budget_usd = 60            # and when the machine has cost so much

# [criteria]                 # weights, and what your team scores from 1 to 5 with a note; measured ones are scored by evidence
# latency      = {{ weight = 0.20 }}
# cost         = {{ weight = 0.20 }}
# scaling      = {{ weight = 0.15 }}
# dependencies = {{ weight = 0.10, baseline = 4, candidate = 3, note = "why" }}
# operations   = {{ weight = 0.15, baseline = 3, candidate = 4, note = "why" }}
# compliance   = {{ weight = 0.10, baseline = 3, candidate = 3, note = "why" }}
# lock_in      = {{ weight = 0.10, baseline = 4, candidate = 2, note = "why" }}
# kappa        = 66          # how firm the weights are

[load]
deadline_s   = 30            # for the whole answer; later counts as failed
stream_share = {a.stream_share:.15g}             # share of the requests that ask for a stream
{questions}
{cap}     # cap on every question's
# connections    = "shared"  # whose connections are used again: or per-user, fresh
# retry          = "none"    # or "client": as a well-behaved one does
# retry_attempts = 3
# retry_cap_s    = 8
# caches         = []        # of the service, on purpose: answer, retrieval, embedding; pilot check wants just these

# [mix]                      # what arrivals ask; unset leaves each question as its file has it
# zipf          = 0.95       # popularity of the questions
# repeats       = 0.1        # share of word-for-word repeats
# passages      = {{ "0" = 0.21, "6" = 0.77 }}   # top_k and its share
# turns         = 1.8        # mean turns of a session
# think_s       = 5          # least seconds between two turns
# prompt_tokens = 800        # median length of the whole prompt
# prompt_sigma  = 0.4        # of its logarithm

# [tenants]                  # docs: tenants.md
# acme = 3                   # its share of the requests, relative to the others
# small = 1

# [quality]                  # docs: quality.md
# set   = "evaluation.jsonl" # questions with what answers must cite, contain and not contain, asked within every profile{evaluation}
# share = 0.05               # of all requests

{profiles}
[slots]
day_parts = {slots}["09:00", "14:00", "20:00"]{"" if a.quick else "   # when blocks may start, UTC; []: at once"}

# [corpus]                   # what the reference service searches
# folder = ".pilot/corpus"
# build  = ["make-index", "--out", "{{corpus}}"]   # the command that makes it

[scaling]                    # what a rehearsal made smaller; printed in the report
rehearsal = {"true" if embedded else "false"}
{_or_not("model_time_scale", scale, 1.0)}     # of the embedded model's clock, as --time-scale of its target.toml
notes = {notes}
""")


def _aligned(text: str) -> str:
    """Comments after values under each other."""
    lines = []
    for line in lines_of(text):
        value, mark, comment = line.partition("  # ")
        told = bool(mark) and not (line.startswith("# ") and "=" not in value)
        lines.append(f"{value.rstrip():<28} # {comment.strip()}" if told and "# " not in comment else line)
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _or_not(name: str, value: float | None, example: float) -> str:
    return f"# {name} = {example:.15g}" if value is None else f"{name} = {value:.15g}"
