// WCAG 2.0 to 2.2 A and AA and best practice by axe, on one page of each kind, at three sizes and two sizes of letters.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { test, expect, SIZES, letters } from '../fixtures.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

for (const { width, height } of SIZES) {
  for (const [title, size] of [['标准', 'normal'], ['大字', 'large']]) {
    test(`${width}×${height} ${title}`, async ({ page, context, addresses }) => {
      test.setTimeout(240_000);
      await letters(context, size);
      await page.setViewportSize({ width, height });
      await page.addInitScript(axe);
      for (const [name, address] of Object.entries(addresses)) {
        await test.step(name, async () => {
          await page.goto(address);
          const { violations } = await page.evaluate(tags => window.axe.run({ runOnly: tags }), TAGS);
          const found = violations.map(v => `${v.id}: ${v.help}\n  ${v.nodes.map(n => n.target.join(' ')).join('\n  ')}`);
          expect.soft(found, `${name} ${address}`).toEqual([]);
        });
      }
    });
  }
}
