// An OpenID Connect provider, the package oidc-provider as it comes, over HTTP on this machine.
//
// Arguments: the folder whose node_modules has the package; the address that it may send browsers back to. Prints its
// issuer, and ends with its standard input. Whoever signs in is who they say; `NAME.GROUP` is in that group. Its
// client `ci` gets signed access tokens for the audience `urn:proofhouse`.

import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const packages = createRequire(`${process.argv[2]}/`);
const { default: Provider } = await import(packages.resolve('oidc-provider'));

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      { client_id: 'proofhouse', client_secret: 'a secret of the test', redirect_uris: [process.argv[3]] },
      {
        client_id: 'ci',
        client_secret: 'another secret',
        redirect_uris: [],
        response_types: [],
        grant_types: ['client_credentials'],
      },
    ],
    claims: { openid: ['sub'], profile: ['preferred_username'], groups: ['groups'] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id.split('.')[0], groups: [id.split('.')[1]] }),
    }),
    features: {
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, audience) => ({
          scope: 'build',
          audience,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    pkce: { required: () => true },
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
process.stdin.resume().on('end', () => process.exit(0));
