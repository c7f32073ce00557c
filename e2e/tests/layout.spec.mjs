// No page is wider than its window, from the narrowest phone to a wide screen.
import { test, expect, letters } from '../fixtures.mjs';

const WIDTHS = [320, 360, 390, 414, 480, 540, 600, 640, 700, 768, 834, 900, 1024, 1100, 1200, 1280, 1366, 1440, 1600, 1920];

for (const [title, size] of [['标准', 'normal'], ['大字', 'large']]) {
  test(`nothing overflows from 320 to 1920, ${title}`, async ({ page, context, addresses }) => {
    test.setTimeout(240_000);
    await letters(context, size);
    for (const [name, address] of Object.entries(addresses)) {
      await page.goto(address);
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(wide, `${name} ${address} at ${width}`).toBeLessThanOrEqual(width);
      }
    }
  });
}
