// Holds Kubernetes YAML against Kubernetes' own API, as the npm package kubernetes-models has it: a validator finds what is missing
// or has the wrong value, and TypeScript, by the package's types, what the API does not know.
//
// usage: node schema.mjs NODE-MODULES FILE...      ends with 1 and a line on standard output for each fault
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const modules = path.resolve(process.argv[2]);
const require = createRequire(path.join(modules, 'entry.js'));
const yaml = require('yaml');
const typescript = require('typescript');

// 'batch/v1' is a folder of the package, and so is 'v1'.
const modelOf = (document) => `kubernetes-models/${document.apiVersion}/${document.kind}`;

async function valueFaults(document) {
  const file = path.join(modules, `${modelOf(document)}.js`);
  if (!fs.existsSync(file)) return [`there is no ${document.kind} in ${document.apiVersion}`];
  const model = (await import(pathToFileURL(file)))[document.kind];
  try {
    new model(document).validate();
    return [];
  } catch (error) {
    return [error.message];
  }
}

// An object literal with a field that its type lacks is an error to TypeScript.
function nameFaults(document) {
  const source = `import type { I${document.kind} } from '${modelOf(document)}';\n` +
    `export const document: I${document.kind} = ${JSON.stringify(document, null, 1)};\n`;
  const name = path.join(modules, '..', 'document.ts');
  const options = {
    noEmit: true, strict: true, skipLibCheck: true, types: [],
    module: typescript.ModuleKind.ESNext, moduleResolution: typescript.ModuleResolutionKind.Bundler,
  };
  const host = typescript.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (file, ...rest) =>
    file === name ? typescript.createSourceFile(file, source, typescript.ScriptTarget.ESNext) : read(file, ...rest);
  const program = typescript.createProgram([name], options, host);
  return typescript.getPreEmitDiagnostics(program).map((fault) => typescript.flattenDiagnosticMessageText(fault.messageText, ' '));
}

let failed = false;
for (const file of process.argv.slice(3)) {
  for (const parsed of yaml.parseAllDocuments(fs.readFileSync(file, 'utf8'))) {
    const document = parsed.toJS();
    for (const fault of [...parsed.errors.map(String), ...await valueFaults(document), ...nameFaults(document)]) {
      console.log(`${file}: ${document.kind}: ${fault}`);
      failed = true;
    }
  }
}
process.exitCode = failed ? 1 : 0;
