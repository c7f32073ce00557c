// A server of a test's own, with data that nobody else looks at.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** The program under test. */
export function program() {
  const found = process.env.DONGLIANG_BIN;
  if (!found) throw new Error('DONGLIANG_BIN is not set. Type: cargo xtask e2e');
  return found;
}

/** A port that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Serves the data directory `data` until what this gives is called. */
export async function serve(data, port) {
  const server = spawn(program(), ['--data', data, 'serve', '--listen', `127.0.0.1:${port}`]);
  let log = '';
  await new Promise((ready, failed) => {
    const read = text => { log += text; if (log.includes('已就绪')) ready(); };
    server.stdout.on('data', read);
    server.stderr.on('data', read);
    server.once('exit', () => failed(new Error(log)));
  });
  return async () => {
    server.kill('SIGINT');
    await once(server, 'exit');
  };
}
