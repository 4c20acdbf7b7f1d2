// ProConnect in small, on the engine that ProConnect uses: what it demands of a client, refused
// here as there. The first argument is JSON: issuer, port, clients, audience, module.
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const { issuer, port, clients, audience, module } = JSON.parse(process.argv[2]);
const { Provider } = await import(pathToFileURL(module).href);
const { privateKey } = await crypto.subtle.generateKey(
  { name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
const signing = { ...(await crypto.subtle.exportKey('jwk', privateKey)), key_ops: undefined,
  kid: 'proconnect', use: 'sig', alg: 'ES256' };
const isMachine = (client) => client.grantTypeAllowed('client_credentials');
const identity = (sub) => ({ sub, uid: sub, given_name: 'Claude', usual_name: 'Essai',
  email: `${sub}@canari.invalid`, siret: '17740000100016' });

const provider = new Provider(issuer, {
  clients,
  jwks: { keys: [signing] },
  acrValues: ['eidas0', 'eidas0-mfa', 'eidas1', 'eidas1-mfa', 'eidas2', 'eidas3'],
  claims: { openid: ['sub'], uid: ['uid'], email: ['email'], siret: ['siret'], acr: null,
    given_name: ['given_name'], usual_name: ['usual_name'] },
  clientAuthMethods: ['client_secret_post', 'private_key_jwt'],
  cookies: { keys: ['essai'] },
  enabledJWA: { idTokenSigningAlgValues: ['ES256'], userinfoSigningAlgValues: ['ES256'],
    clientAuthSigningAlgValues: ['ES256'] },
  features: {
    claimsParameter: { enabled: true },
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    jwtUserinfo: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_ctx, client) => (isMachine(client) ? audience : undefined),
      getResourceServerInfo: () => ({ scope: 'portail', audience, accessTokenTTL: 600,
        accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } }),
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => { ctx.body = form; },
      postLogoutSuccessSource: (ctx) => { ctx.body = 'fin'; },
    },
  },
  findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => identity(sub) }),
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  loadExistingGrant: async (ctx) => { // nobody is asked for a consent, as at ProConnect
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope(ctx.oidc.params.scope);
    grant.addOIDCClaims(['acr']);
    await grant.save();
    return grant;
  },
  responseTypes: ['code'],
  ttl: { AuthorizationCode: 60, AccessToken: 3600, IdToken: 60, Session: 12 * 3600,
    ClientCredentials: 600, Grant: 3600, Interaction: 600 },
});

// The page where a person says who she is: GET tells what is asked, with `sub` it is answered.
const answer = provider.callback();
createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  if (!url.pathname.startsWith('/interaction/')) return answer(request, response);
  const asked = await provider.interactionDetails(request, response);
  const { sub, acr, error } = Object.fromEntries(url.searchParams);
  if (error) return provider.interactionFinished(request, response, { error });
  if (sub) return provider.interactionFinished(request, response, { login: { accountId: sub, acr } });
  response.setHeader('content-type', 'application/json');
  return response.end(JSON.stringify({ prompt: asked.prompt, params: asked.params }));
}).listen(port, '127.0.0.1', () => console.log('ready'));
