// An identity provider that nobody here wrote (npm oidc-provider), for tests. Reads its configuration as one JSON
// document from standard input: {"issuers": [{"port", "clients": [...], "accounts": {sub: {claims}}}]}; prints "ready".
// Ends when standard input closes, so that it never outlives the tests.
import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import Provider, { interactionPolicy } from 'oidc-provider';

const escape = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

function page(title, body) {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body><main><h1>${title}</h1>${body}</main></body></html>`;
}

function configuration({ clients, accounts }) {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
  const policy = interactionPolicy.base();
  policy.remove('consent');
  return {
    clients,
    jwks: { keys: [{ ...key, kid: 'first', alg: 'RS256', use: 'sig' }] },
    cookies: { keys: ['only for tests'] },
    pkce: { required: () => true },
    acrValues: ['urn:test:again'],
    conformIdTokenClaims: false,
    claims: {
      openid: ['sub', 'sid', 'auth_time', 'acr', 'acrs', 'amr', 'tid', 'groups', 'roles'],
      profile: ['name'],
      email: ['email', 'email_verified'],
    },
    scopes: ['openid', 'profile', 'email'],
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      claimsParameter: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => {
          const button = '<button form="op.logoutForm" name="logout" value="yes">Yes, sign me out</button>';
          ctx.body = page('Sign out?', form + button);
        },
      },
    },
    // the library refuses to call loopback addresses; here the portal under test is on one
    fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
    interactions: { policy, url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    async findAccount(ctx, sub) {
      return accounts[sub] && { accountId: sub, claims: async () => ({ sub, ...accounts[sub] }) };
    },
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId,
        accountId: ctx.oidc.session.accountId,
      });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
  };
}

async function interact(provider, accounts, request, response) {
  const { params } = await provider.interactionDetails(request, response);
  if (request.method === 'GET') {
    const buttons = Object.entries(accounts).map(([sub, claims]) =>
      `<p><button name="account" value="${escape(sub)}">${escape(claims.name ?? sub)}</button></p>`);
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(page('Sign in', `<form method="post">${buttons.join('')}</form>`));
    return;
  }
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const form = new URLSearchParams(Buffer.concat(chunks).toString());
  const login = { accountId: form.get('account'), amr: ['pwd'] };
  if (params.acr_values) [login.acr] = params.acr_values.split(' ');
  await provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
}

function start(issuer) {
  const provider = new Provider(`http://127.0.0.1:${issuer.port}`, configuration(issuer));
  provider.on('server_error', (ctx, error) => console.error(error));
  provider.on('backchannel.error', (ctx, error) => console.error(error.message));
  const handle = provider.callback();
  const server = createServer((request, response) => {
    if (!request.url.startsWith('/interaction/')) return handle(request, response);
    return interact(provider, issuer.accounts, request, response).catch((error) => {
      response.statusCode = 400;
      response.end(error.message);
    });
  });
  return new Promise((done) => { server.listen(issuer.port, '127.0.0.1', done); });
}

let text = '';
process.stdin.on('data', async (chunk) => {
  text += chunk;
  if (!text.endsWith('\n')) return;
  await Promise.all(JSON.parse(text).issuers.map(start));
  console.log('ready');
});
process.stdin.on('end', () => process.exit(0));
