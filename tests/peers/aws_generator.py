"""What moto lacks for the generator's own stack, beside tests/peers/aws.py: schedules and budgets in CloudFormation, and a machine
that goes with its stack. Nothing here carries a schedule or a budget's action out: the test does what the schedule says.
"""

from moto.budgets.models import budgets_backends
from moto.core.common_models import CloudFormationModel
from moto.ec2.models import ec2_backends, elastic_ip_addresses, instances
from moto.scheduler.models import scheduler_backends

from tests.peers.aws import serve

__all__ = ("serve",)


class _Made:
    """By its name, which is all that is asked of it."""

    def __init__(self, name):
        self.physical_resource_id = name

    @classmethod
    def has_cfn_attr(cls, attr):
        return False


class Schedule(_Made, CloudFormationModel):
    @staticmethod
    def cloudformation_type():
        return "AWS::Scheduler::Schedule"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        said = cloudformation_json["Properties"]
        scheduler_backends[account_id][region_name].create_schedule(
            description=said["Description"],
            end_date=None,
            flexible_time_window=said["FlexibleTimeWindow"],
            group_name=None,
            kms_key_arn=None,
            name=resource_name,
            schedule_expression=said["ScheduleExpression"],
            schedule_expression_timezone="UTC",
            start_date=None,
            state="ENABLED",
            target=said["Target"],
            action_after_completion=None,
        )
        return cls(resource_name)

    @classmethod
    def update_from_cloudformation_json(cls, original, new_resource_name, cloudformation_json, account_id, region_name):
        name, said = original.physical_resource_id, cloudformation_json["Properties"]
        made = scheduler_backends[account_id][region_name].get_schedule(None, name)
        made.schedule_expression, made.target = said["ScheduleExpression"], said["Target"]
        return original

    def delete(self, account_id, region_name):
        scheduler_backends[account_id][region_name].delete_schedule(None, self.physical_resource_id)


class Budget(_Made, CloudFormationModel):
    @staticmethod
    def cloudformation_type():
        return "AWS::Budgets::Budget"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        said = cloudformation_json["Properties"]["Budget"]
        _budgets(account_id).create_budget(account_id, said, [])
        return cls(said["BudgetName"])

    @classmethod
    def update_from_cloudformation_json(cls, original, new_resource_name, cloudformation_json, account_id, region_name):
        return original

    def delete(self, account_id, region_name):
        _budgets(account_id).delete_budget(account_id, self.physical_resource_id)


def _budgets(account_id):
    return budgets_backends[account_id]["aws"]


@classmethod
def _gone(cls, resource_name, cloudformation_json, account_id, region_name):
    """Moto looks for it by a part of its name, and does not find it where the stack's own has a hyphen."""
    ec2_backends[account_id][region_name].terminate_instances([resource_name])


instances.Instance.delete_from_cloudformation_json = _gone


@classmethod
def _released(cls, resource_name, cloudformation_json, account_id, region_name):
    """Moto keeps the address of a stack that goes."""
    backend = ec2_backends[account_id][region_name]
    [eip] = backend.address_by_ip([resource_name])
    eip.instance = eip.eni = eip.association_id = None
    backend.release_address(allocation_id=eip.allocation_id)


elastic_ip_addresses.ElasticAddress.delete_from_cloudformation_json = _released
