"""A workspace in which every kind of input file is used, as data that rules can change and write again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import certifi

VARIABLES = {"ATTACK_TOKEN": "a-token", "ATTACK_KEY": "a-key"}
ROOT = Path(__file__).parents[3]

PILOT = {
    "pilot": {
        "question": "Which runtime?",
        "baseline": "alpha",
        "candidate": "beta",
        "variants": ["gamma"],
        "blocks": 6,
        "seed": 7,
        "days": 2,
        "stop": "settled",
    },
    "slo": {
        "p95_s": 2.0,
        "p99_s": 4.0,
        "ttft_p95_s": 1.0,
        "first_reasoning_p95_s": 0.5,
        "error_rate": 0.02,
        "goodput": 0.9,
        "availability": 0.99,
        "monthly_runtime_usd": 600.0,
        "monthly_total_usd": 6000.0,
        "profiles": ["steady"],
    },
    "traffic": {"requests_per_month": 2_000_000, "peak_per_s": 10.0, "week": [1.0] * 24},
    "margins": {"latency": 1.1, "cost": 1.2},
    "limits": {"budget_usd": 50.0, "max_rate": 40.0, "stop_file": "STOP", "attempts": 3, "quota_share": 0.5},
    "criteria": {
        "kappa": 66.0,
        "latency": {"weight": 0.3},
        "operations": {"weight": 0.2, "baseline": 3.0, "candidate": 4.0, "hybrid": 3.0, "note": "why"},
    },
    "load": {
        "deadline_s": 30.0,
        "stream_share": 0.5,
        "max_tokens": 64,
        "questions": "questions.jsonl",
        "connections": "shared",
        "retry": "client",
        "retry_attempts": 3,
        "retry_cap_s": 8.0,
        "caches": ["answer"],
    },
    "mix": {
        "zipf": 0.9,
        "repeats": 0.1,
        "passages": {"0": 0.2, "6": 0.8},
        "turns": 1.5,
        "think_s": 5.0,
        "prompt_tokens": 800.0,
        "prompt_sigma": 0.3,
    },
    "profiles": {
        "steady": {"start": "warm", "rate": 2.0, "duration_s": 10.0, "warmup_s": 1.0, "arrivals": "gamma", "cv": 2.0},
        "burst": {"trace": "trace.csv", "speed": 2.0, "duration_s": 10.0},
        "aa": {"aa_of": "steady", "repeats": 6},
    },
    "slots": {"day_parts": ["09:00", "14:00"]},
    "corpus": {"folder": ".pilot/corpus", "build": ["{python}", "-m", "ragchat.index"]},
    "scaling": {"notes": ["shorter answers"], "model_time_scale": 0.5, "rehearsal": True},
}
PRICES = {"book": "book.toml", "region": "us-east-1", "model": "fargate-alb", "parameters": {"vcpu": 1.0, "tasks": 2.0}}
ALPHA = {
    "title": "Alpha",
    "base_url": "https://chat.example.com/api",
    "lanes": ["https://one.example.com", "https://two.example.com"],
    "dialect": "openai-chat",
    "model": "small",
    "verified": "spec only",
    "openai": {"path": "/v1/chat", "max_tokens_field": "max_tokens", "stream_options": True, "extra": {"seed": 1}},
    "auth": {"kind": "header", "header": "Authorization", "env": "ATTACK_TOKEN"},
    "headers": {"X-Key": "${ATTACK_KEY}", "X-Team": "search"},
    "header_names": {"instance_id": "X-Box"},
    "tls": {"ca_file": "ca.pem"},
    "prices": PRICES,
    "sources": [
        {"kind": "cloudwatch", "region": "us-east-1", "function": "f", "function_url": True},
        {"kind": "lambda-logs", "region": "us-east-1", "log_group": "/aws/lambda/f", "through": "filter"},
        {
            "kind": "prometheus",
            "url": "http://127.0.0.1:9090",
            "sets": ["kubernetes"],
            "namespace": "chat",
            "queries": [{"name": "cpu", "promql": "sum(rate(cpu[1m]))", "unit": "cores"}],
            "step_s": 15,
            "header": "Authorization",
            "env": "ATTACK_TOKEN",
        },
        {"kind": "otlp-traces", "path": "traces", "attribute": "http.request.id"},
        {"kind": "cost-explorer", "tag": "pilot", "values": ["alpha"]},
        {"kind": "cloud-monitoring", "project": "p", "region": "r", "service": "s"},
        {"kind": "azure-monitor", "subscription": "s", "resource_group": "g", "container_app": "a", "plan": "flex"},
    ],
    "quotas": [
        {"name": "tokens", "needs": "tokens_per_minute", "limit": 1000.0},
        {"name": "lambda", "needs": "concurrency", "service": "lambda", "code": "L-B99A9384", "region": "us-east-1"},
    ],
    "runtime": {"kind": "aws-lambda", "function": "f", "region": "us-east-1", "alias": "live"},
}
BETA = {
    "title": "Beta",
    "prices": {"book": "book.toml", "region": "us-east-1", "model": "lambda-url", "parameters": {"memory_mb": 512.0}},
    "runtime": {
        "kind": "local-function",
        "command": ["{python}", "-m", "service"],
        "environment": {"MODE": "fast"},
        "needs": [{"name": "store", "command": ["{python}", "-m", "store"], "env": "STORE_URL"}],
        "timeout_s": 30.0,
        "port": 0,
        "concurrency": 4,
        "scaling_tokens": 8.0,
        "scaling_per_s": 2.0,
        "idle_s": 300.0,
        "idle_jitter": 0.1,
        "max_age_s": 7200.0,
        "freeze": True,
        "provisioned": 1,
        "lanes": 1,
        "memory_mb": 512,
        "init_timeout_s": 10.0,
        "seed": 1,
    },
}
GAMMA = {
    "base_url": "http://127.0.0.1:9003",
    "dialect": "mapped",
    "mapping": {
        "path": "/ask",
        "request": {"q": "{prompt}", "n": "{max_tokens}"},
        "answer": {"text": "data.reply", "output_tokens": "data.out"},
        "stream": {"token_event": "delta", "text": "piece", "done_event": "end"},
        "ready_path": "/ready",
    },
    "runtime": {
        "kind": "local-container",
        "command": ["{python}", "-m", "service"],
        "workers": 1,
        "max_workers": 2,
        "concurrency": 4,
        "target_share": 0.6,
        "scale_every_s": 5.0,
        "scale_window_s": 60.0,
        "start_lag_s": 1.0,
        "idle_s": 900.0,
        "queue_rule": "bounded",
        "queue": 16,
        "queue_timeout_s": 10.0,
        "memory_mb": 2048,
        "cpu": 1.0,
        "start_timeout_s": 20.0,
    },
}
SWEEP = {
    "apply": [],
    "settings": [
        {
            "name": "small",
            "runtime": {"memory_mb": 512},
            "prices": {"parameters": {"memory_mb": 512.0}},
            "expect": {"a": 1},
        },
        {
            "name": "large",
            "runtime": {"memory_mb": 1024},
            "prices": {"parameters": {"memory_mb": 1024.0}},
            "expect": {"a": 1},
        },
    ],
}
PRICED = (
    "lambda_gb_second",
    "lambda_streamed_gb",
    "fargate_vcpu_hour",
    "fargate_gb_hour",
    "alb_hour",
    "alb_lcu_hour",
    "public_ipv4_hour",
    "log_gb",
    "egress_gb",
    "model_input_token",
    "model_output_token",
)
BOOK = {
    "name": "team-2026-11",
    "date": "2026-11-22",
    "region": "us-east-1",
    "prices": {
        "lambda_request": {
            "usd": "0.0000002",
            "unit": "request",
            "source": "read by the team",
            "confirmed": True,
            "free_per_month": "1000000",
            "tiers": [{"above": "10", "usd": "0.1"}, {"above": "20", "usd": "0.05"}],
            "lookup": {"service": "AWSLambda"},
        },
        **{
            key: {"usd": "0.01", "unit": "unit", "source": "read by the team", "confirmed": True}
            for key in PRICED  # a book that cannot price a model is refused
        },
    },
}
QUESTIONS = [
    {
        "id": f"q{k}",
        "messages": [{"role": "user", "content": f"What is {k}?"}],
        "top_k": 6,
        "max_tokens": 64,
        "session_id": f"s{k}",
    }
    for k in range(3)
]
TRACE = "timestamp,input_tokens,output_tokens\n" + "".join(f"{k * 0.5},{100 + k},{20 + k}\n" for k in range(40))

TABLES: dict[str, dict[str, Any]] = {
    "pilot.toml": PILOT,
    "targets/alpha/target.toml": ALPHA,
    "targets/beta/target.toml": BETA,
    "targets/gamma/target.toml": GAMMA,
    "targets/beta/sweep.toml": SWEEP,
    "book.toml": BOOK,
}


def toml(data: dict[str, Any]) -> str:
    """Every table inline: the same values, whatever they are."""
    return "".join(f"{_key(name)} = {_value(value)}\n" for name, value in data.items())


def _key(name: str) -> str:
    return _text(name)


def _text(value: str) -> str:
    return json.dumps(value).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    match value:
        case Raw():
            return value.text
        case bool():
            return "true" if value else "false"
        case dict():
            return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
        case list():
            return "[" + ", ".join(map(_value, value)) + "]"
        case str():
            return _text(value)
        case _:
            return repr(value)


def complete(root: Path) -> None:
    """A book that holds every price, so that a plan can be drawn."""
    shutil.copy(ROOT / "harness/platforms/shared/books/aws-2026-11.toml", root / "book.toml")


class Raw:
    """TOML that no Python value stands for."""

    def __init__(self, text: str) -> None:
        self.text = text


def write(root: Path) -> None:
    """The whole workspace, without a fault."""
    for name, data in TABLES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(toml(data), encoding="utf-8")
    (root / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in QUESTIONS), encoding="utf-8")
    (root / "trace.csv").write_text(TRACE, encoding="utf-8")
    if not (root / "targets/alpha/ca.pem").exists():
        shutil.copy(certifi.where(), root / "targets/alpha/ca.pem")
    (root / "loadprofiles").mkdir(exist_ok=True)
    for profile in ("steady", "burst"):
        (root / "loadprofiles" / f"{profile}.py").write_text((ROOT / "loadprofiles" / f"{profile}.py").read_text())
