// A Fulcio and its certificate log, from @sigstore/mock, over HTTP on this machine.
//
// Argument: the folder whose node_modules has the package. Prints one line (JSON: url; authority, the root as
// base64 of DER; log, the key of the certificate log as base64 of SubjectPublicKeyInfo), and ends with its
// standard input. Below /without-log certificates carry no promise of a certificate log.
//
// What the package leaves out and Fulcio does is done here: the token may also be in the Authorization header,
// the certificate request is base64 of PEM, and its signature is checked.

import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const packages = createRequire(`${process.argv[2]}/`);
const { fulcioHandler, initializeCA, initializeCTLog } = packages('@sigstore/mock');
const { Crypto } = createRequire(packages.resolve('@sigstore/mock'))('@peculiar/webcrypto');
const x509 = createRequire(packages.resolve('@sigstore/mock'))('@peculiar/x509');
const { generateKeyPairSync } = await import('node:crypto');

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const [authorityKeys, logKeys] = [pair(), pair()];
const log = await initializeCTLog(logKeys);
const authority = await initializeCA(authorityKeys, log);
const issue = fulcioHandler(authority);
// The same authority: the key of its root is the same, and so is its name.
const unlogged = fulcioHandler(await initializeCA(authorityKeys));

async function request(text, header) {
  const body = JSON.parse(text);
  body.credentials ??= { oidcIdentityToken: header?.replace(/^Bearer /, '') };
  const pem = Buffer.from(body.certificateSigningRequest, 'base64').toString('utf8');
  if (!(await new x509.Pkcs10CertificateRequest(pem).verify(new Crypto()))) {
    throw new Error('the certificate request is not signed by its key');
  }
  return JSON.stringify({ ...body, certificateSigningRequest: pem });
}

const server = createServer(async (asked, answer) => {
  let text = '';
  for await (const part of asked) text += part;
  const handler = { [issue.path]: issue, [`/without-log${issue.path}`]: unlogged }[asked.url];
  let told = { statusCode: 404, response: '{"code":5,"message":"not found"}' };
  if (handler && asked.method === 'POST') {
    try {
      told = await handler.fn(await request(text, asked.headers.authorization));
    } catch (error) {
      told = { statusCode: 400, response: JSON.stringify({ code: 3, message: error.message }) };
    }
  }
  answer.writeHead(told.statusCode, { 'content-type': 'application/json' }).end(told.response);
});

server.listen(0, '127.0.0.1', () => {
  const told = {
    url: `http://127.0.0.1:${server.address().port}`,
    authority: authority.rootCertificate.toString('base64'),
    log: logKeys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  };
  console.log(JSON.stringify(told));
});
process.stdin.resume().on('end', () => process.exit(0));
