"""Bills of containers and machines on AWS behind a load balancer: Fargate's tasks, EC2's instances.

Fargate: provisioned, not used, size for as long as tasks run.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from harness.domain.bill import Bill
from harness.platforms.billing import MACHINES, Billing, How, Metered, ToldBy, Units, by_machines
from harness.platforms.shared.aws_front import LCUS, FrontTerms, addresses_line, front_lines, machine_hours, volume_line
from harness.platforms.shared.terms import NONE, ONE, Amount, MachineTerms, Size
from harness.platforms.shared.usage import Tariff, Usage

FREE_TASK_GB = Decimal(20)
SIZED = re.compile(r"\w+[_.](?:(\d*)(xlarge)|large)|t[234]\w*[_.]medium")  # 4 processors for each xlarge, else 2


class FargateTerms(FrontTerms):
    """A task's size and how many there are; ``autoscale``: as many as each hour wants."""

    vcpu: Size = ONE
    memory_gb: Size = Decimal(2)
    tasks: Size = Decimal(2)
    autoscale: Amount = NONE
    arm64: Amount = NONE
    ephemeral_gb: Amount = NONE


class HostTerms(MachineTerms, FrontTerms):
    """Machines, their volumes, and whether there is a load balancer in front."""

    ebs_gb: Amount = NONE
    load_balancer: Amount = ONE
    machine_addresses: Amount = NONE  # public IPv4 of the machines themselves


def fargate_alb(tariff: Tariff, terms: FargateTerms, usage: Usage) -> Bill:
    """``tasks`` of ``vcpu`` and ``memory_gb`` (``arm64`` for its prices), and their front.

    ``ephemeral_gb`` a task, of which 20 are free.
    """
    arm = "arm_" if terms.arm64 else ""
    task_hours = terms.tasks * usage.hours
    made = (
        tariff.line("Task vCPU", task_hours * terms.vcpu, f"fargate_{arm}vcpu_hour")
        + tariff.line("Task memory", task_hours * terms.memory_gb, f"fargate_{arm}gb_hour")
        + tariff.line("Task public IPv4", task_hours, "public_ipv4_hour")
    )
    if (scratch := terms.ephemeral_gb - FREE_TASK_GB) > 0:
        made += tariff.line("Task ephemeral storage", task_hours * scratch, "fargate_ephemeral_gb_hour")
    return made + front_lines(tariff, terms, usage)


def ec2_alb(tariff: Tariff, terms: HostTerms, usage: Usage) -> Bill:
    """Machines by their type, billed whole; ``load_balancer = 0`` if there is none, ``ebs_gb`` of volumes.

    ``machine_addresses``: how many of them have a public one.
    """
    made = machine_hours(tariff, terms, usage) + volume_line(tariff, terms.ebs_gb, usage)
    made += addresses_line(tariff, "Machine", terms.machine_addresses, usage)
    return made + front_lines(tariff, terms, usage) if terms.load_balancer else made


def vcpus_of(terms: HostTerms) -> Decimal | None:
    """Of all machines, by the size in their type's name; None where one of them does not say it."""
    each = [(SIZED.fullmatch(kind), n) for kind, n in terms.machines.items()]
    if not all(size for size, _ in each):
        return None
    return sum((Decimal(n) * (4 * int(s[1] or 1) if s[2] else 2) for s, n in each if s), Decimal(0))


TASKS = Units(
    "tasks",
    declared=lambda terms: terms.tasks,
    sized=lambda terms, count: terms.model_copy(update={"tasks": count}),
    answers=True,
    by_the_hour=lambda terms: bool(terms.autoscale),
    vcpus=lambda terms: terms.vcpu * terms.tasks,
)
RUNNING = Metered(
    "ECS/ContainerInsights RunningTaskCount Average",
    "tasks",
    summed=False,
    keys=frozenset({"fargate_vcpu_hour", "fargate_gb_hour", "fargate_arm_vcpu_hour", "fargate_arm_gb_hour"}),
)
BILLINGS = (
    Billing(
        "fargate-alb",
        How.CAPACITY,
        ToldBy.DECLARED,
        FargateTerms,
        fargate_alb,
        units=TASKS,
        metered=(LCUS, RUNNING),
    ),
    replace(
        by_machines("ec2-alb", HostTerms, ec2_alb, "ec2_{}_hour", metered=(LCUS,)),
        units=replace(MACHINES, vcpus=vcpus_of),
    ),
)
