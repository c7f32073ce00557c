// The pages under test. Those with an id in their address are found as a reader finds them, by following links.

/** Addresses in `html` that begin with `prefix` and go on. */
export function links(html, prefix) {
  const found = [...html.matchAll(/href="([^"#]+)/g)].map(match => match[1].replaceAll('&amp;', '&'));
  return [...new Set(found)].filter(href => href.startsWith(prefix) && href.length > prefix.length);
}

async function first(get, path, prefix, fits = () => true) {
  const href = links(await get(path), prefix).find(fits);
  if (!href) throw new Error(`${path} has no link to ${prefix}…`);
  return href;
}

/**
 * Name → address of one page of each kind. `get` fetches the text of a path.
 * The record is one that a verdict counts, so that its page has a verdict to lead back to.
 */
export async function pages(get) {
  const unit = await first(get, '/', '/units/');
  const rollup = await first(get, '/requirements/R-21', '/verdicts/R-21/');
  const verdict = await leaf(get, rollup);
  const record = await first(get, verdict, '/ledgers/', isRecord);
  return {
    工作总览: '/',
    要求清单: '/requirements',
    要求详情: '/requirements/R-21',
    只展示的要求: '/requirements/R-04',
    单位详情: unit,
    汇总的判定: rollup,
    判定: verdict,
    全部台账: '/ledgers',
    台账: record.slice(0, record.lastIndexOf('/')),
    记录: record,
    人员: '/people',
    机构: '/org',
    亮灯规则: '/help/lights',
    没有这一页: '/units/no-such-unit',
  };
}

/** `/ledgers/{name}/{id}`, not the ledger itself nor the list with conditions. */
export const isRecord = href => /^\/ledgers\/[a-z_]+\/[^/?]+$/.test(href);

/** From a roll-up down to a verdict on records; a verdict on records is its own. */
async function leaf(get, from) {
  let path = from;
  for (let clicks = 0; clicks < 3; clicks += 1) {
    const html = await get(path);
    if (links(html, '/ledgers/').some(isRecord)) return path;
    const main = html.slice(html.indexOf('aria-labelledby="h-rec"'));
    path = links(main, '/verdicts/')[0];
    if (!path) break;
  }
  throw new Error(`no verdict on records below ${from}`);
}
