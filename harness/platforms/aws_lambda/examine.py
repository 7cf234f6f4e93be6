"""A Lambda function before money: who asks, what it may do, and whether what is deployed can run.

Verified: spec only; requests and answers are held to botocore's service model in the tests.
"""

from __future__ import annotations

from harness.domain.finding import Finding, State
from harness.domain.target import Target
from harness.platforms.aws_lambda.config import AwsLambda
from harness.platforms.examining import Reach, calling, guarded, refused_as
from harness.platforms.shared import aws_account
from harness.platforms.shared.answer import Answer, NoAnswer, answer_of
from harness.platforms.shared.aws_image import DOCKER, platform_of_image
from harness.platforms.shared.aws_permissions import (
    EVERYTHING,
    STACKS,
    URL_CONTEXT,
    VIA_URL,
    Permission,
    Purpose,
    needing,
    of_sources,
    simulated,
)
from harness.platforms.shared.provider_url import provider_url_in

X86 = "x86_64"
MADE = (  # by the template, with the caller's own rights
    "lambda:CreateFunction",
    "lambda:PublishVersion",
    "lambda:CreateAlias",
    "lambda:CreateFunctionUrlConfig",
    "lambda:AddPermission",
    "lambda:TagResource",
)


def permissions(target: Target, config: AwsLambda) -> tuple[Permission, ...]:
    """What its commands ask of the control plane, of the function's URL, and of its sources."""
    function = f"function:{config.function}"
    named = f"{function}:{config.alias}" if config.alias else function
    facts = ("lambda:GetFunctionConfiguration", "lambda:GetFunctionUrlConfig")
    asked = (
        *needing(Purpose.RUN, named, *facts),
        *needing(Purpose.RUN, function, "lambda:GetFunctionConcurrency"),
        *needing(Purpose.RUN, EVERYTHING, "lambda:GetAccountSettings"),
        *needing(Purpose.COLD, function, "lambda:GetFunctionConfiguration", "lambda:UpdateFunctionConfiguration"),
        *(needing(Purpose.COLD, function, "lambda:PublishVersion", "lambda:UpdateAlias") if config.alias else ()),
        *(needing(Purpose.COLD, named, "lambda:GetProvisionedConcurrencyConfig") if config.alias else ()),
        *needing(Purpose.DEPLOY, f"stack/{config.function}/*", *STACKS),
        *needing(Purpose.DEPLOY, function, *MADE),
        *needing(Purpose.DEPLOY, f"role/{config.function}-*", "iam:CreateRole", "iam:PutRolePolicy", "iam:PassRole"),
        *needing(
            Purpose.DEPLOY, f"log-group:/aws/lambda/{config.function}", "logs:CreateLogGroup", "logs:PutRetentionPolicy"
        ),
    )
    invoked: tuple[Permission, ...] = ()
    if target.auth is not None and target.auth.options.get("service") == "lambda":
        invoked = (
            Permission(Purpose.RUN, "lambda:InvokeFunctionUrl", named, URL_CONTEXT),
            Permission(Purpose.RUN, "lambda:InvokeFunction", named, VIA_URL),
        )
    return (*asked, *invoked, *of_sources(target))


def examine(target: Target, reach: Reach) -> list[Finding]:
    """The account first, then the function where there is one."""
    config = target.runtime
    assert isinstance(config, AwsLambda)
    out = [*aws_account.identity(reach, config.region), *aws_account.region(target, reach)]
    function, found = _function(target, config, reach)
    leave_out = (Purpose.DEPLOY,) if function is not None else ()
    out += simulated(target, reach, config.region, permissions(target, config), leave_out)
    return [*out, *found, *(_deployed(target, config, reach, function) if function is not None else ())]


def _function(target: Target, config: AwsLambda, reach: Reach) -> tuple[Answer | None, list[Finding]]:
    """None where it is not deployed, or may not be read."""
    name = f"the function of {target.name}"
    found: list[Answer] = []

    def look() -> Finding:
        try:
            said = answer_of(calling(reach, "lambda", config.region, "get_function"), {"FunctionName": config.function})
        except NoAnswer as error:
            if refused_as(error, "ResourceNotFoundException"):
                return Finding(name, State.LATER, f"no function {config.function} in {config.region} yet")
            raise
        made = _state(name, said["Configuration"])
        found.append(said)
        return made

    made = guarded(name, look, "allow lambda:GetFunction")
    return (found[0] if found else None), made


def _state(name: str, said: Answer) -> Finding:
    state, update = (said[field].value for field in ("State", "LastUpdateStatus"))
    if state in ("Failed", "Inactive") or update == "Failed":
        why = next(
            (said[f].text() for f in ("LastUpdateStatusReason", "StateReason") if said[f].given), "no reason given"
        )
        return Finding(name, State.WRONG, f"{state or update}: {why}", "pilot deploy, or the function's own page")
    return Finding(name, State.GOOD, f"{said['MemorySize'].number():g} MB, {said['Timeout'].number():g} s")


def _deployed(target: Target, config: AwsLambda, reach: Reach, function: Answer) -> list[Finding]:
    name = f"image platform, {target.name}"
    out = guarded(name, lambda: _image(name, function, reach), "allow ecr:BatchGetImage and ecr:GetDownloadUrlForLayer")
    out += guarded(f"alias of {target.name}", lambda: _alias(target, config, reach))
    return [*out, *provider_url_in(target, lambda: _variables(function["Configuration"]))]


def _variables(said: Answer) -> dict[str, str]:
    variables = said["Environment"]["Variables"].fields()
    return {name: value.value for name, value in variables.items() if isinstance(value.value, str)}


def _image(name: str, function: Answer, reach: Reach) -> Finding:
    said = function["Configuration"]
    wanted = next((one.text() for one in said["Architectures"].rows()), X86)
    if said["PackageType"].value == "Zip":
        return Finding(name, State.GOOD, f"a zip, {wanted}")
    code = function["Code"]
    image = code["ResolvedImageUri"].text() if code["ResolvedImageUri"].given else code["ImageUri"].text()
    built = platform_of_image(reach, image)
    if built.index:
        words = "its image is an index of several, which Lambda does not take"
        return Finding(name, State.WRONG, words, "build with --provenance=false and one --platform")
    if wanted not in built.architectures:
        words = f"the image is for {', '.join(built.architectures)}, the function runs on {wanted}: it would not start"
        return Finding(name, State.WRONG, words, f"build with --platform {DOCKER.get(wanted, wanted)}")
    return Finding(name, State.GOOD, wanted)


def _alias(target: Target, config: AwsLambda, reach: Reach) -> list[Finding]:
    if config.alias is None:
        return []
    name = f"alias of {target.name}"
    asked = {"FunctionName": config.function, "Name": config.alias}
    try:
        said = answer_of(calling(reach, "lambda", config.region, "get_alias"), asked)
    except NoAnswer as error:
        if refused_as(error, "ResourceNotFoundException"):
            return [Finding(name, State.WRONG, f"{config.function} has no alias {config.alias}", "alias of [runtime]")]
        raise
    return [Finding(name, State.GOOD, said["Name"].text())]
