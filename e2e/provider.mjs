// A real OpenID provider on loopback, and an office of its own that is set to it. Neither knows the demo.
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import Provider from 'oidc-provider';
import { freePort, program, serve } from './server.mjs';

const SECRET = 'a secret of the tests: %+/';

/** The provider: whoever types a name there is that subject. */
async function provider(office) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const oidc = new Provider(url, {
    clients: [{
      client_id: 'dongliang', client_secret: SECRET, redirect_uris: [`${office}/login/sso/return`],
      post_logout_redirect_uris: [`${office}/login`],
      grant_types: ['authorization_code'], response_types: ['code'],
    }],
    pkce: { required: () => true },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    cookies: { keys: ['of the tests'] },
  });
  let gone = false;
  const answer = oidc.callback();
  // The browser still has its pages; to the server it hangs up.
  const server = createServer((request, response) =>
    gone && request.url.startsWith('/token') ? request.socket.destroy() : answer(request, response)).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { url, goes: () => { gone = true; }, close: () => { server.close(); server.closeAllConnections(); } };
}

/** Starts both. Gives the office's address, the one-time password of its account `zhoumin`, and how to stop each. */
export async function start() {
  const dir = mkdtempSync(join(tmpdir(), 'dongliang-sso-'));
  const run = (...args) => execFileSync(program(), ['--data', join(dir, 'data'), ...args], { cwd: dir, encoding: 'utf8' });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const oidc = await provider(url);
  run('init');
  const added = run('user', 'add', '周敏', '--login', 'zhoumin', '--role', '领导小组办公室');
  const password = /一次性口令（只显示这一次）：(\S+)/.exec(added)[1];
  writeFileSync(join(dir, 'secret'), SECRET);
  // Not by `run`: it asks the provider, which is in this process and must be able to answer meanwhile.
  const set = spawn(program(), ['--data', join(dir, 'data'), 'sso', 'set', '--issuer', oidc.url, '--client-id', 'dongliang',
    '--client-secret-file', join(dir, 'secret'), '--address', url], { cwd: dir });
  let said = '';
  set.stdout.on('data', text => { said += text; });
  const [code] = await once(set, 'exit');
  if (code !== 0 || !said.includes('已连通')) throw new Error(`sso set: ${code} ${said}`);
  const stop = await serve(join(dir, 'data'), port);
  return {
    url, password, provider: oidc,
    stop: async () => {
      oidc.close();
      await stop();
      rmSync(dir, { recursive: true });
    },
  };
}
