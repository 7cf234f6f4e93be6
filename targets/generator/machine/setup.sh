#!/bin/bash
# Once, on the machine's first start: Python, this pilot's packages by their hashes, and its services. Its words: /var/log/pilot-setup.log.
set -euo pipefail
cd /pilot
. ./settings
dnf install --quiet --assumeyes python3.11 python3.11-pip
id pilot >/dev/null 2>&1 || useradd --system --home-dir /pilot --shell /sbin/nologin pilot
python3.11 -m venv venv
if [ -f package/pyproject.toml ]; then # from a checkout
  venv/bin/pip install --quiet --require-hashes --requirement package/constraints-base.txt
  venv/bin/pip install --quiet --no-deps --no-build-isolation ./package
else # from an installed package: its files, and the versions that were beside it
  venv/bin/pip install --quiet --requirement package/requirements.txt
  cp -r package/site/. "$(venv/bin/python -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')"
  printf '#!/bin/sh\nexec /pilot/venv/bin/python -P -m harness "$@"\n' > venv/bin/pilot
  chmod 755 venv/bin/pilot
fi
mkdir -p logs state
chmod 755 machine/*.sh
chown -R pilot: /pilot
stop=$(date --utc --date "$UNTIL 00:00 UTC - 30 minutes" '+%Y-%m-%d %H:%M:%S UTC')
sed "s/@STOP@/$stop/" machine/pilot-end.timer.in > /etc/systemd/system/pilot-end.timer
cp machine/*.service machine/*.timer /etc/systemd/system/
systemctl daemon-reload
systemctl enable --now pilot-variables.service pilot-run.service pilot-collect.timer pilot-tell.timer pilot-end.timer
