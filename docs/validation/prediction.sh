#!/usr/bin/env bash
# Fit the charge transfer that the package ships to every archive of computed dots, and measure how well each dot is
# predicted by a fit to the others. A minute. Writes aiida_chargeflow/data/charge_transfer.yaml and docs/validation/prediction/.
# usage: docs/validation/prediction.sh, in an environment with the package
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
AIIDA_PATH=$(mktemp -d)
export AIIDA_PATH
trap 'rm -rf "$AIIDA_PATH"' EXIT
verdi presto --use-zeromq --profile-name prediction >/dev/null
groups=()
for archive in tests/fixtures/paper.aiida docs/validation/archives/*.aiida; do
  mapfile -t found < <(aiida-chargeflow archive import "$archive" --json |
    python -c 'import json, sys; print("\n".join(json.load(sys.stdin)["groups"]))')
  groups+=("${found[@]}")
done
aiida-chargeflow screen learn "${groups[@]}" -o aiida_chargeflow/data/charge_transfer.yaml --report docs/validation/prediction
