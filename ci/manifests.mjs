// Policy over one rendered overlay; and whether the policy would notice when it is broken.
import {readFileSync} from 'node:fs';
import {parseAllDocuments} from 'yaml';
import {unnoticed} from './manifests_breaks.mjs';
import {problemsOf} from './manifests_policy.mjs';

const [file, name] = process.argv.slice(2);
const documents = parseAllDocuments(readFileSync(file, 'utf8')).map((d) => d.toJS()).filter(Boolean);
const problems = problemsOf(documents);
let tried = 0;
if (problems.length === 0) {
  const result = unnoticed(documents, problemsOf);
  tried = result.tried;
  problems.push(...result.missed);
}
problems.forEach((problem) => console.error(`manifests: ${name}: ${problem}`));
if (problems.length === 0) console.log(`manifests: ${name}: ${documents.length} objects ok; ${tried} ways to break them noticed`);
process.exit(problems.length ? 1 : 0);
