// The policy is strict, and nothing of ours runs into it. What is not there says so.
import { test, expect } from '../fixtures.mjs';

test('every page has a strict policy, fetches nothing from elsewhere, and the browser does not complain', async ({ page, addresses, complaints }) => {
  // Some sixty pages, each waited for until it is quiet.
  test.setTimeout(300_000);
  const elsewhere = [];
  page.on('request', request => {
    if (!request.url().startsWith(process.env.DONGLIANG_URL) && !request.url().startsWith('data:')) elsewhere.push(request.url());
  });
  for (const [name, address] of Object.entries(addresses)) {
    const answer = await page.goto(address, { waitUntil: 'networkidle' });
    expect(answer.status(), `${name} ${address}`).toBe(name === '没有这一页' ? 404 : 200);
    const policy = answer.headers()['content-security-policy'] ?? '';
    expect(policy, name).toContain("default-src 'none'");
    expect(policy, name).toContain("script-src 'self'");
    expect(policy, name).toContain("frame-ancestors 'none'");
    expect(policy, name).not.toContain('unsafe');
    expect(complaints, name).toEqual([]);
    expect(elsewhere, name).toEqual([]);
  }
});

for (const address of ['/no-such-page', '/units/no-such-unit', '/verdicts/R-21/no-such-pair/2025-03', '/ledgers/no_such_ledger']) {
  test(`${address} is told to be missing`, async ({ page }) => {
    const answer = await page.goto(address);
    expect(answer.status()).toBe(404);
    await expect(page.getByRole('main').getByRole('heading', { level: 1 })).toBeVisible();
    await page.getByRole('main').getByRole('link', { name: '返回首页' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('工作总览');
  });
}
