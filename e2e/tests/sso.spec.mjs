// Single sign-on through a real provider: linked, logged in, a stranger, no consent, and the provider gone.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test, expect } from '../fixtures.mjs';
import { start } from '../provider.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const heading = page => page.getByRole('main').getByRole('heading', { level: 1 });
const PASSWORD = '雨后竹林 morning-tea 17';

/** At the provider: who one is, and that one agrees. */
async function agree(page, name) {
  await page.locator('input[name=login]').fill(name);
  await page.locator('input[name=password]').fill('anything');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

test.describe.configure({ mode: 'serial' });
test.use({ loggedIn: false });

let office;
test.beforeAll(async () => { office = await start(); });
// The provider's own pages ask for a font from elsewhere and have no icon.
test.beforeEach(async ({ page }) => {
  await page.route(/fonts\.googleapis\.com|favicon\.ico$/, route => route.fulfill({ status: 200, body: '' }));
});
test.afterAll(async () => { await office?.stop(); });

test('an account is linked by its owner, who then comes in through the provider', async ({ page, complaints }) => {
  await page.addInitScript(axe);
  const look = async () => {
    const { violations } = await page.evaluate(() => window.axe.run());
    expect.soft(violations.map(v => `${v.id}: ${v.nodes.map(n => n.target.join(' ')).join(', ')}`), page.url()).toEqual([]);
  };
  await page.goto(`${office.url}/login`);
  await look();
  await page.getByLabel('登录名（必填）').fill('zhoumin');
  await page.getByLabel('口令（必填）').fill(office.password);
  await page.getByRole('button', { name: '登录', exact: true }).click();
  const change = page.getByRole('region', { name: '修改口令' });
  await change.getByLabel('现在的口令（必填）').fill(office.password);
  await change.getByLabel('新口令（必填）', { exact: true }).fill(PASSWORD);
  await change.getByLabel('再输一遍新口令（必填）').fill(PASSWORD);
  await change.getByRole('button', { name: '修改口令' }).click();
  const own = page.getByRole('region', { name: '单点登录' });
  await expect(own).toContainText('没有绑定');
  await own.getByLabel('现在的口令（必填）').fill(PASSWORD);
  await own.getByRole('button', { name: '绑定单点登录' }).click();
  await expect(own).toContainText('口令已核对');
  await look();
  await own.getByRole('link', { name: '前往单点登录' }).click();
  await agree(page, 'u-1001');
  await expect(page).toHaveURL(`${office.url}/account?done=sso`);
  await expect(page.getByRole('status')).toContainText('单点登录已绑定');
  await page.getByRole('banner').getByRole('button', { name: '退出' }).click();
  await page.goto(`${office.url}/requirements`);
  await page.getByRole('link', { name: '单点登录', exact: true }).click();
  await expect(page).toHaveURL(`${office.url}/requirements`);
  await expect(heading(page)).toHaveText('要求清单');
  expect(complaints).toEqual([]);
});

test('who leaves can leave the provider too', async ({ page, complaints }) => {
  await page.goto(`${office.url}/login`);
  await page.getByRole('link', { name: '单点登录', exact: true }).click();
  await agree(page, 'u-1001');
  await page.getByRole('banner').getByRole('button', { name: '退出' }).click();
  await expect(page.getByRole('status')).toContainText('已退出本系统');
  await page.getByRole('link', { name: '退出统一身份系统' }).click();
  await page.getByRole('button', { name: 'Yes, sign me out' }).click();
  await expect(page).toHaveURL(new RegExp(`^${office.url}/login`));
  // There too nobody is in any more: it asks again who one is.
  await page.getByRole('link', { name: '单点登录', exact: true }).click();
  await expect(page.locator('input[name=login]')).toBeVisible();
  expect(complaints).toEqual([]);
});

test('whom the provider knows and we do not is told whom to ask', async ({ page }) => {
  await page.goto(`${office.url}/login`);
  await page.getByRole('link', { name: '单点登录', exact: true }).click();
  await agree(page, 'u-9999');
  await expect(heading(page)).toHaveText('没有对应的账号，请联系安全管理员');
  await page.goto(`${office.url}/requirements`);
  await expect(page).toHaveURL(/\/login\?next=/);
});

test('who does not agree is not let in', async ({ page }) => {
  await page.goto(`${office.url}/login`);
  await page.getByRole('link', { name: '单点登录', exact: true }).click();
  await page.getByRole('link', { name: /Cancel|Abort/ }).click();
  await expect(heading(page)).toHaveText('已取消单点登录');
  await page.getByRole('link', { name: '返回登录页' }).click();
  await expect(heading(page)).toHaveText('登录');
});

test('a provider that is gone when it is asked about a login', async ({ page }) => {
  await page.goto(`${office.url}/login`);
  await page.getByRole('link', { name: '单点登录', exact: true }).click();
  office.provider.goes();
  await agree(page, 'u-1001');
  await expect(heading(page)).toHaveText('单点登录系统连接不上');
  await page.getByRole('link', { name: '返回登录页' }).click();
  await expect(page.getByRole('button', { name: '登录', exact: true })).toBeVisible();
});
