// Logging in as an identity of the demo, without a browser: what the tests and checkers have to bring along.

const COOKIE = 'dongliang';

/** Logs in at `url` as an identity (the one offered first, unless another is named) and gives the session's cookie. */
export async function logIn(url, identity) {
  const page = await fetch(`${url}/login`);
  const html = await page.text();
  const form = /name="form" value="([^"]+)"/.exec(html)?.[1];
  const chosen = identity ?? /name="identity" value="([^"]+)"/.exec(html)?.[1];
  if (!form || !chosen) throw new Error(`${url}/login offers no identity of the demo`);
  const visitor = page.headers.getSetCookie().map(set => set.split(';')[0]).join('; ');
  const answer = await fetch(`${url}/login/demo`, {
    method: 'POST', redirect: 'manual', headers: { cookie: visitor }, body: new URLSearchParams({ form, identity: chosen }),
  });
  const session = answer.headers.getSetCookie().map(set => set.split(';')[0]).find(set => set.startsWith(`${COOKIE}=`));
  if (!session) throw new Error(`${url}/login/demo as ${chosen}: ${answer.status}`);
  return { name: COOKIE, value: session.slice(COOKIE.length + 1) };
}

/** The same cookie as a header. */
export const header = ({ name, value }) => `${name}=${value}`;
