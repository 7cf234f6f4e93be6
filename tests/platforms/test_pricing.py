"""[prices] is refused where it is read: books, models, machines and parameters, with the name that was meant."""

import pytest

from harness.errors import BadFile
from harness.workspace import open_workspace
from tests.builders import Pilot

FARGATE = 'model = "fargate-alb"\nparameters = { vcpu = 1, memory_gb = 2, tasks = 2 }'


@pytest.fixture
def said(tmp_path):
    """What is said of a target whose [prices] are these."""
    Pilot(tmp_path).workspace()
    path = tmp_path / "targets" / "alpha" / "target.toml"
    before = path.read_text()

    def ask(prices, book="aws-2026-11"):
        path.write_text(before.replace(FARGATE, prices).replace("aws-2026-11", book))
        with pytest.raises(BadFile) as refused:
            open_workspace(tmp_path).target("alpha")
        return str(refused.value)

    return ask


@pytest.mark.parametrize(
    ("prices", "words"),
    [
        (
            'model = "fargate-alb"\nparameters = { task = 2 }',
            'prices.parameters.task: model "fargate-alb" with book aws-2026-11 has none of this name: did you mean tasks?',
        ),
        ('model = "lambda-url"\nparameters = { memroy_mb = 1024 }', "did you mean memory_mb?"),
        ('model = "eks"\nparameters = { p4d_24xlarg = 1, t3_large = 1 }', 'prices.parameters.p4d_24xlarg: model "eks"'),
        ('model = "eks"\nparameters = { t3_lrage = 3 }', "did you mean t3_large?"),
        (
            'model = "eks"\nparameters = { t3_large = 1, p9_48xlarge = 1 }',
            "is added by: pilot prices refresh aws-2026-11 --region us-east-1 --machine p9_48xlarge",
        ),
        (
            'model = "eks"\nparameters = { ebs_gb = 60 }',
            'prices.parameters: model "eks" wants how many of which machines; aws-2026-11 knows t3_medium',
        ),
        ('model = "eks"\nparameters = { t3_large = 0 }', "wants how many of which machines"),
        (
            'model = "gke"\nparameters = { cluster = 1 }',
            'model "gke" wants how many of which machines; aws-2026-11 knows no machine for it',
        ),
        (
            'model = "lambda-url"\nparameters = { provisioned_share = 2 }',
            "prices.parameters.provisioned_share: want at most 1",
        ),
        ('model = "fargate-elb"', "prices.model: no billing model 'fargate-elb': did you mean fargate-alb?"),
        (
            'model = "container-apps"',
            'prices.book: cannot price model "container-apps": price book aws-2026-11 holds no',
        ),
    ],
)
def test_what_no_bill_reads_is_named_with_what_was_meant(said, prices, words):
    assert words in said(prices)


def test_a_book_that_is_not_there_is_named(said):
    assert "prices.book: no price book 'aws-2026-10': did you mean aws-2026-11?" in said(FARGATE, "aws-2026-10")
    assert "prices.book: there is no file" in said(FARGATE, "prices/none.toml")


def test_a_misspelt_parameter_is_not_taken_for_a_machine(said):
    assert "--machine" not in said('model = "eks"\nparameters = { t3_large = 1, autoscal = 1 }')
