"""A certificate of one's own for the balancers' own names, kept in ACM: without a domain there is no other TLS.

Made by openssl, whose key goes to ACM and nowhere else. Who asks must be told to trust it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from harness.errors import PilotError, Refused
from harness.platforms.shared.aws_deploy.api import Api, asked, carries, every, found
from harness.platforms.shared.deploy.part import Tag

DAYS = 365
RENEW = timedelta(days=45)  # a pilot and its report are over by then
Sign = Callable[[str], tuple[bytes, bytes]]  # a name: certificate and key as PEM
KEY_TYPES = ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]
BODY = re.compile(r"-----BEGIN CERTIFICATE-----\s+(.+?)\s+-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True)
class Certificate:
    """In ACM; ``pem`` is what whoever asks must trust."""

    arn: str
    pem: str
    made: bool

    @property
    def der_base64(self) -> str:
        body = BODY.search(self.pem)
        return re.sub(r"\s", "", body.group(1)) if body else ""


def listed(acm: Api) -> list[dict[str, Any]]:
    """All of them: unless asked for others, ACM lists only keys of RSA up to 2048 bits."""
    kinds = {"Includes": {"keyTypes": list(KEY_TYPES)}}
    return every("certificates", acm.list_certificates, "CertificateSummaryList", "NextToken", "NextToken", **kinds)


class Certificates:
    """Over ``acm``; the one of this deployment is the one that carries its tag and is for this region's balancers."""

    def __init__(self, acm: Api, region: str, tag: Tag, sign: Sign) -> None:
        self._acm, self._tag, self._sign = acm, tag, sign
        self.name = f"*.{region}.elb.amazonaws.com"

    def there(self) -> str | None:
        """Its ARN; one of RSA is too long to be a parameter of the stack."""
        return next((str(r["CertificateArn"]) for r in self._rows() if not _is_rsa(r)), None)

    def _rows(self) -> Iterator[dict[str, Any]]:
        for row in listed(self._acm):
            names = (row.get("DomainName"), *row.get("SubjectAlternativeNameSummaries", ()))
            if self.name in names and self._mine(row["CertificateArn"]):
                yield row

    def _mine(self, arn: str) -> bool:
        return carries(asked("certificate", self._acm.list_tags_for_certificate, CertificateArn=arn)["Tags"], self._tag)

    def ensure(self, now: datetime | None = None) -> Certificate:
        """Made where there is none, and made anew under the same ARN where it would soon be over."""
        arn = self.there()
        if arn is not None:
            ends = asked("certificate", self._acm.describe_certificate, CertificateArn=arn)["Certificate"]["NotAfter"]
            if ends - (now or datetime.now(UTC)) > RENEW:
                return Certificate(arn, self._pem(arn), made=False)
        pem, key = self._sign(self.name)
        again = {"CertificateArn": arn} if arn else {"Tags": [{"Key": self._tag.key, "Value": self._tag.value}]}
        said = asked("certificate", self._acm.import_certificate, Certificate=pem, PrivateKey=key, **again)
        return Certificate(str(said["CertificateArn"]), pem.decode(), made=True)

    def _pem(self, arn: str) -> str:
        return str(asked("certificate", self._acm.get_certificate, CertificateArn=arn)["Certificate"])

    def remove(self) -> bool:
        """False where there is none; raises PilotError while something still uses it."""
        gone = [
            found(
                "certificate",
                self._acm.delete_certificate,
                "ResourceNotFoundException",
                CertificateArn=row["CertificateArn"],
            )
            for row in list(self._rows())
        ]
        return any(answer is not None for answer in gone)


def _is_rsa(row: Mapping[str, Any]) -> bool:
    return str(row.get("KeyAlgorithm", "")).startswith("RSA")


def self_signed(name: str) -> tuple[bytes, bytes]:
    """Certificate and key as PEM; raises Refused without openssl, PilotError where it fails."""
    if shutil.which("openssl") is None:
        raise Refused(
            "openssl is not installed", "install it, or --set CertificateArn=ARN names a certificate of yours"
        )
    with tempfile.TemporaryDirectory(prefix="pilot-certificate-") as folder:
        pem, key = Path(folder) / "certificate.pem", Path(folder) / "key.pem"
        command = [
            *("openssl", "req", "-x509", "-nodes", "-sha256", "-days", str(DAYS)),
            *(
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
            ),  # RSA: too long for a parameter and a variable
            *("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"),
            *("-keyout", str(key), "-out", str(pem)),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise PilotError(
                f"openssl ended with {done.returncode}: {done.stderr.strip()[-300:]}", "openssl 1.1.1 or later"
            )
        return pem.read_bytes(), key.read_bytes()
