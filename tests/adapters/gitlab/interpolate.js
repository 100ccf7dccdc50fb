// Puts inputs into a component as GitLab does: into the text, before it is YAML, anything but a string as JSON. (Clients
// such as gitlab-ci-local interpolate parsed values, which cannot go wrong in the ways that a text can.)
//
// usage: node interpolate.js TEMPLATE INPUTS.json      prints the jobs as JSON; fails where the result is no YAML
'use strict';
const fs = require('fs');
const YAML = require('yaml');

const [template, inputsFile] = process.argv.slice(2);
const text = fs.readFileSync(template, 'utf8');
const separator = text.indexOf('\n---\n');
const specification = YAML.parse(text.slice(0, separator)).spec.inputs;
const given = JSON.parse(fs.readFileSync(inputsFile, 'utf8'));

const typeOf = (value) => (Array.isArray(value) ? 'array' : typeof value);
for (const name of Object.keys(given)) {
  if (!(name in specification)) throw new Error(`unknown input '${name}'`);
}
// As Rails writes JSON: also <, > and & are escaped.
const asJson = (value) =>
  JSON.stringify(value).replace(/[<>&]/g, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));

function valueOf(name) {
  const input = specification[name];
  if (!input) throw new Error(`the template uses an input '${name}' that it does not declare`);
  const value = name in given ? given[name] : input.default;
  if (typeOf(value) !== (input.type ?? 'string')) throw new Error(`input '${name}' is no ${input.type ?? 'string'}`);
  if (input.options && !input.options.includes(value)) throw new Error(`input '${name}': '${value}' is not allowed`);
  if (input.regex && !new RegExp(input.regex).test(value)) throw new Error(`input '${name}': '${value}' does not match`);
  return value;
}

const used = new Set();
const jobs = text.slice(separator + 5).replace(/\$\[\[\s*inputs\.(\w+)\s*\]\]/g, (_, name) => {
  used.add(name);
  const value = valueOf(name);
  return typeof value === 'string' ? value : asJson(value);
});
const unused = Object.keys(specification).filter((name) => !used.has(name));
if (unused.length) throw new Error(`declared, but not used: ${unused}`);
process.stdout.write(JSON.stringify(YAML.parse(jobs)));
