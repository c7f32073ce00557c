// What every test shares: the addresses of the pages, and a page that reports what the browser complains about.
import { test as base, expect } from '@playwright/test';
import { header, logIn } from './login.mjs';
import { pages } from './pages.mjs';

export { expect };

export const test = base.extend({
  /** The session of the identity that the demo offers first. */
  session: [async ({}, use) => {
    await use(await logIn(process.env.DONGLIANG_URL));
  }, { scope: 'worker' }],

  /** Whether the browser is logged in when a test begins. */
  loggedIn: [true, { option: true }],

  context: async ({ context, session, loggedIn }, use) => {
    if (loggedIn) await context.addCookies([{ ...session, url: process.env.DONGLIANG_URL }]);
    await use(context);
  },

  /** Name → address of one page of each kind. */
  addresses: [async ({ session }, use) => {
    await use(await pages(async path => {
      const answer = await fetch(process.env.DONGLIANG_URL + path, { headers: { cookie: header(session) } });
      if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
      return answer.text();
    }));
  }, { scope: 'worker' }],

  /** Errors of scripts, failed fetches and everything that the policy blocked. A 404 that was asked for is none, nor a form refused. */
  complaints: async ({ page }, use) => {
    const complaints = [];
    page.on('pageerror', error => complaints.push(`script: ${error.message}`));
    page.on('requestfailed', request => {
      if (request.failure()?.errorText !== 'net::ERR_ABORTED') complaints.push(`${request.url()}: ${request.failure()?.errorText}`);
    });
    page.on('console', message => {
      const asked = message.location().url === page.url() && /status of (404|409|422)/.test(message.text());
      if (['error', 'warning'].includes(message.type()) && !asked) complaints.push(`${message.type()}: ${message.text()}`);
    });
    await use(complaints);
  },
});

/** Sizes at which the design is drawn. */
export const SIZES = [
  { width: 1440, height: 900 },
  { width: 1366, height: 768 },
  { width: 390, height: 844 },
];

/** The letters' size as the server reads it. */
export const letters = (context, size) =>
  context.addCookies([{ name: 'ui_size', value: size, url: process.env.DONGLIANG_URL }]);
