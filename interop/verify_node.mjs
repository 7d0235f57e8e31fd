// Asks @sigstore/verify about bundles, offline and with its default thresholds.
//
// Argument: the folder whose node_modules has the packages. Reads one question a line (JSON: bundle,
// artifact and root are paths; identity and issuer, or key as PEM), answers one line each.
//
// What the library leaves to its caller is done here: the identity must be equal, not only similar (it is
// matched as a pattern); the key that was asked for is the one that the bundle's hint leads to; the payload
// type must be in-toto's, and a subject of the statement must be the artifact.

import { createHash, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const packages = createRequire(`${process.argv[2]}/`);
const { bundleFromJSON } = packages('@sigstore/bundle');
const { TrustedRoot } = packages('@sigstore/protobuf-specs');
const { Verifier, toSignedEntity, toTrustMaterial } = packages('@sigstore/verify');

const verifiers = new Map();

function verifier({ root, key }) {
  const name = JSON.stringify([root, key]);
  if (!verifiers.has(name)) {
    const keyed = () => {
      if (!key) throw new Error('a key was not asked for');
      return { publicKey: createPublicKey(key), validFor: () => true };
    };
    const trusted = TrustedRoot.fromJSON(JSON.parse(readFileSync(root, 'utf8')));
    verifiers.set(name, new Verifier(toTrustMaterial(trusted, keyed)));
  }
  return verifiers.get(name);
}

function about(envelope, artifact) {
  if (envelope.payloadType !== 'application/vnd.in-toto+json') {
    throw new Error("the payload is not of in-toto's type");
  }
  const digest = createHash('sha256').update(artifact).digest('hex');
  const { subject } = JSON.parse(envelope.payload.toString('utf8'));
  if (!subject.some((one) => one.digest.sha256 === digest)) {
    throw new Error('no subject of the statement is the artifact');
  }
}

function verify(question) {
  const bundle = bundleFromJSON(JSON.parse(readFileSync(question.bundle, 'utf8')));
  const artifact = readFileSync(question.artifact);
  const entity = toSignedEntity(bundle, artifact);
  const signer = verifier(question).verify(entity, policy(question));
  if (question.key && signer.identity) throw new Error('a certificate was not asked for');
  if (bundle.content.$case === 'dsseEnvelope') about(bundle.content.dsseEnvelope, artifact);
}

function policy(question) {
  if (!question.identity) return undefined;
  const exactly = question.identity.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return { subjectAlternativeName: `^${exactly}$`, extensions: { issuer: question.issuer } };
}

function answer(question) {
  try {
    verify(question);
    return { verdict: 'ok' };
  } catch (error) {
    return { verdict: 'refused', why: `${error.name}: ${error.message}` };
  }
}

const { version } = packages('@sigstore/verify/package.json');
console.log(JSON.stringify({ verifier: '@sigstore/verify', version }));
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(answer(JSON.parse(line))));
}
