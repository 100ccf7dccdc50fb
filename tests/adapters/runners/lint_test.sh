#!/bin/bash
# Lints the Jenkins library with npm-groovy-lint, and checks the Cloud Build files against the public JSON schema.
#
# usage: lint_test.sh BUILD       the tools are where scripts/packaging.sh puts them; skips where they are not
set -euo pipefail
tools=$1/packaging
cd "$(dirname "$(realpath "$0")")/../../.."
if [[ ! -e $tools/installed ]]; then
  echo "skipped: npm-groovy-lint and ajv are not installed: see scripts/packaging.sh"
  exit 77
fi

if ! command -v java >/dev/null; then
  echo "skipped: npm-groovy-lint needs 'java'"
  exit 77
fi
"$tools/node_modules/.bin/npm-groovy-lint" --noserver --failon warning --loglevel warning --config "$PWD/adapters/jenkins/" \
  --path adapters/jenkins --files '**/*.groovy'

# The schema knows no field that is not there, but lets some misspelt ones pass: the runner of cloudbuild_test.py is stricter.
for file in adapters/cloudbuild/cloudbuild.yaml adapters/cloudbuild/samples/*.yaml; do
  /usr/bin/python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)' "$file" |
    NODE_PATH=$tools/node_modules node -e '
      const ajv = new (require("ajv"))({ strict: false, validateFormats: false, logger: false });
      const schema = require("schemastore/schemas/json/cloudbuild.json");
      const check = ajv.compile(schema);
      const ok = check(JSON.parse(require("fs").readFileSync(0, "utf8")));
      if (!ok) { console.error(process.argv[1], ajv.errorsText(check.errors)); process.exit(1); }
      if (check({ steps: "none" })) { console.error("the schema takes anything"); process.exit(1); }' "$file"
done
