"""An ECS service before money: who asks, what it may do, the role that a first cluster needs, and what is deployed.

Verified: spec only; requests and answers are held to botocore's service model in the tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from harness.domain.finding import Finding, State
from harness.domain.target import Target
from harness.platforms.aws_ecs.config import AUTOSCALING, AwsEcs, on_own_machines
from harness.platforms.examining import Reach, calling, guarded, listed, refused_as
from harness.platforms.shared import aws_account
from harness.platforms.shared.answer import Answer, NoAnswer, answer_of
from harness.platforms.shared.aws_image import DOCKER, platform_of_image
from harness.platforms.shared.aws_permissions import (
    EVERYTHING,
    STACKS,
    Permission,
    Purpose,
    needing,
    of_sources,
    simulated,
)
from harness.platforms.shared.provider_url import provider_url_in, variables_of
from harness.platforms.shared.tls_names import covers

ROLES = (
    ("ecs.amazonaws.com", "the first cluster of an account fails without it"),
    ("elasticloadbalancing.amazonaws.com", "the first load balancer of an account fails without it"),
)
MACHINES = (AUTOSCALING, "the first group of machines of an account fails without it")
BALANCER = (
    "elasticloadbalancing:CreateLoadBalancer",
    "elasticloadbalancing:CreateTargetGroup",
    "elasticloadbalancing:CreateListener",
    "elasticloadbalancing:CreateRule",
)


def permissions(target: Target, config: AwsEcs) -> tuple[Permission, ...]:
    """What its commands ask of the control plane and of its sources."""
    service = f"service/{config.cluster}/{config.service}"
    return (
        *needing(Purpose.RUN, service, "ecs:DescribeServices"),
        *needing(Purpose.RUN, EVERYTHING, "ecs:DescribeTaskDefinition"),
        *needing(Purpose.COLD, service, "ecs:UpdateService"),
        *needing(Purpose.DEPLOY, f"stack/{config.cluster}/*", *STACKS),
        *needing(Purpose.DEPLOY, f"stack/{config.service}/*", *STACKS),
        *needing(Purpose.DEPLOY, service, "ecs:CreateService"),
        *needing(Purpose.DEPLOY, f"cluster/{config.cluster}", "ecs:CreateCluster"),
        *needing(Purpose.DEPLOY, EVERYTHING, "ecs:RegisterTaskDefinition", "ec2:CreateVpc", *BALANCER),
        *needing(Purpose.DEPLOY, f"role/{config.cluster}-*", "iam:CreateRole", "iam:AttachRolePolicy", "iam:PassRole"),
        *of_sources(target),
    )


def examine(target: Target, reach: Reach) -> list[Finding]:
    """The account first, then the service where there is one."""
    config = target.runtime
    assert isinstance(config, AwsEcs)
    out = [*aws_account.identity(reach, config.region), *aws_account.region(target, reach)]
    for service, why in (*ROLES, MACHINES) if on_own_machines(target) else ROLES:
        out += aws_account.linked_role(reach, config.region, service, why)
    task, found = _task(target, config, reach)
    leave_out = (Purpose.DEPLOY,) if task is not None else ()
    out += simulated(target, reach, config.region, permissions(target, config), leave_out)
    return [*out, *found, *(_deployed(target, config, reach, task) if task is not None else ())]


def _task(target: Target, config: AwsEcs, reach: Reach) -> tuple[Answer | None, list[Finding]]:
    """The task definition of the service; None where it is not deployed, or may not be read."""
    name = f"the service of {target.name}"
    found: list[Answer] = []

    def look() -> Finding:
        asked = {"cluster": config.cluster, "services": [config.service]}
        services = _services(reach, config, asked)
        if not services or services[0]["status"].value == "INACTIVE":
            return Finding(name, State.LATER, f"no service {config.service} in cluster {config.cluster} yet")
        one = services[0]
        request = {"taskDefinition": one["taskDefinition"].text()}
        found.append(
            answer_of(calling(reach, "ecs", config.region, "describe_task_definition"), request)["taskDefinition"]
        )
        running, desired = (int(one[field].number()) for field in ("runningCount", "desiredCount"))
        if running < desired:
            words = f"{running} of {desired} tasks run{_last_event(one)}"
            return Finding(name, State.WRONG, words, "wait for it, or look at its events")
        return Finding(name, State.GOOD, f"{running} tasks run")

    made = guarded(name, look, "allow ecs:DescribeServices and ecs:DescribeTaskDefinition")
    return (found[0] if found else None), made


def _services(reach: Reach, config: AwsEcs, asked: Mapping[str, object]) -> list[Answer]:
    """None where the cluster itself is not there yet."""
    try:
        return listed(answer_of(calling(reach, "ecs", config.region, "describe_services"), asked)["services"])
    except NoAnswer as error:
        if refused_as(error, "ClusterNotFoundException"):
            return []
        raise


def _last_event(service: Answer) -> str:
    events = service["events"].rows()
    return f"; {events[0]['message'].text()[:160]}" if events and events[0]["message"].given else ""


def _deployed(target: Target, config: AwsEcs, reach: Reach, task: Answer) -> list[Finding]:
    name = f"image platform, {target.name}"
    out = guarded(name, lambda: _image(name, task, reach), "allow ecr:BatchGetImage and ecr:GetDownloadUrlForLayer")
    out += _certificates(target, config, reach)
    return [*out, *provider_url_in(target, lambda: variables_of(task["containerDefinitions"], "environment"))]


def _image(name: str, task: Answer, reach: Reach) -> Finding:
    container = next(iter(task["containerDefinitions"].rows()), Answer(None, "containerDefinitions"))
    said = task["runtimePlatform"]["cpuArchitecture"]
    wanted = said.text().lower() if said.given else "x86_64"
    built = platform_of_image(reach, container["image"].text())
    if wanted not in built.architectures:
        words = f"the image is for {', '.join(built.architectures)}, the task runs on {wanted}: exec format error"
        return Finding(name, State.WRONG, words, f"build with --platform {DOCKER.get(wanted, wanted)}")
    return Finding(name, State.GOOD, wanted)


def _certificates(target: Target, config: AwsEcs, reach: Reach) -> list[Finding]:
    """Those of the load balancer that a source names, whether or not its address can be reached from here."""
    parts = urlsplit(target.base_url or "")
    named = next((s.options["load_balancer"] for s in target.sources if s.options.get("load_balancer")), None)
    if parts.scheme != "https" or not parts.hostname or named is None:
        return []
    name, host = f"certificates of the load balancer, {target.name}", parts.hostname
    return guarded(
        name, lambda: _held(name, host, str(named).split("/")[1], config.region, reach), "allow acm:DescribeCertificate"
    )


def _held(name: str, host: str, balancer: str, region: str, reach: Reach) -> list[Finding]:
    found = answer_of(calling(reach, "elbv2", region, "describe_load_balancers"), {"Names": [balancer]})
    arn = found["LoadBalancers"].rows()[0]["LoadBalancerArn"].text()
    listeners = answer_of(calling(reach, "elbv2", region, "describe_listeners"), {"LoadBalancerArn": arn})
    arns = {c["CertificateArn"].text() for one in listeners["Listeners"].rows() for c in one["Certificates"].rows()}
    out = []
    for one in sorted(a for a in arns if ":acm:" in a):
        said = answer_of(calling(reach, "acm", region, "describe_certificate"), {"CertificateArn": one})["Certificate"]
        out.append(_certificate(name, host, said))
    return out


def _certificate(name: str, host: str, said: Answer) -> Finding:
    names = [one.text() for one in said["SubjectAlternativeNames"].rows()] or [said["DomainName"].text()]
    status = said["Status"].text()
    if status != "ISSUED":
        return Finding(
            name, State.WRONG, f"the one for {names[0]} is {status}", "validate it in ACM, or import it again"
        )
    if said["NotAfter"].given and said["NotAfter"].moment() < datetime.now(UTC).timestamp():
        return Finding(name, State.WRONG, f"the one for {names[0]} has expired", "renew it in ACM")
    if not covers(host, names):
        words = f"it is for {', '.join(names)}, and base_url says {host}: every client would refuse it"
        return Finding(
            name, State.WRONG, words, f"base_url = https://{names[0]}, and a DNS record of it to the load balancer"
        )
    return Finding(name, State.GOOD, ", ".join(names))
