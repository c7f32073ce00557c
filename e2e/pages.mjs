// The pages under test. Those with an id in their address are found as a reader finds them, by following links.

/** Addresses in `html` that begin with `prefix` and go on. */
export function links(html, prefix) {
  const found = [...html.matchAll(/href="([^"#]+)/g)].map(match => match[1].replaceAll('&amp;', '&'));
  return [...new Set(found)].filter(href => href.startsWith(prefix) && href.length > prefix.length);
}

/** `/ledgers/{name}/{id}`, not the ledger itself, the list with conditions, nor the form of a new record. */
export const isRecord = href => /^\/ledgers\/[a-z_]+\/(?!new$)[^/?]+$/.test(href);

/** Name → address of one page of each kind. `get` fetches the text of a path. */
export async function pages(get) {
  const first = async (path, prefix, fits = () => true) => {
    const href = links(await get(path), prefix).find(fits);
    if (!href) throw new Error(`${path} has no link to ${prefix}…`);
    return href;
  };
  const unit = await first('/', '/units/');
  const [verdict, record] = await counted(get, unit);
  return {
    工作总览: '/',
    要求清单: '/requirements',
    要求详情: '/requirements/R-21',
    只展示的要求: '/requirements/R-04',
    仅有标题的要求: '/requirements/H-03',
    单位详情: unit,
    判定: verdict,
    分几部分的判定: await first(unit, '/verdicts/R-26/'),
    班次与单位的判定: await first(unit, '/verdicts/R-02/'),
    全部台账: '/ledgers',
    台账: record.slice(0, record.lastIndexOf('/')),
    记录: record,
    新增记录: '/ledgers/guidance/new',
    新增会议决策: '/ledgers/decision/new',
    更正记录: `${record}/correct`,
    作废记录: `${record}/void`,
    人员: '/people',
    机构: '/org',
    改进措施: '/remedies',
    一项措施: await first('/todo', '/remedies/', href => /^\/remedies\/\d+$/.test(href)),
    近期节点: '/calendar',
    近期节点列表: '/calendar?view=list',
    督办: '/supervise',
    一件督办: await first('/supervise', '/supervise/', href => /^\/supervise\/\d+$/.test(href)),
    签发督办: '/supervise/new',
    搜索: '/search?q=' + encodeURIComponent('柳'),
    搜索不到: '/search?q=' + encodeURIComponent('没有的人'),
    单位进展: '/units',
    对比一季度: '/units?compare=2025Q2',
    一个单位的进展: unit + '/progress',
    无障碍说明: '/help/a11y',
    设置: '/settings',
    修改亮灯阈值: '/settings/light/thresholds',
    我的待办: '/todo',
    我发起的: '/todo?tab=started',
    已办: '/todo?tab=done',
    过去一季度的总览: '/?period=2025Q2',
    通报与公文: '/papers',
    我的考试: '/exams',
    考试须知: '/exams/2',
    培训计划: '/training',
    全年培训计划: '/training?year=2025',
    一个班次: await first('/training?year=2025&kind=' + encodeURIComponent('专业培训'), '/training/', href => !href.includes('.ics')),
    加入参训人员: '/training/HD00-0023/people',
    登记到场情况: '/training/HD00-0023/roster',
    我的学习情况: '/me/learning',
    一人的学习情况: '/people/P00-0008/learning',
    考试管理: '/tests',
    一场考试: '/tests/1',
    拟制考试: '/tests/new',
    指定题目组卷: '/tests/new?take=1-12.20',
    选题: '/questions?take=1-3.7',
    录入答卷: '/tests/3/sheets',
    每日一题: '/daily',
    每周一课: '/weekly',
    发布安排: '/releases',
    掌握情况: '/readiness',
    题库: '/questions',
    // Not one of the test that the reader is still to sit.
    一道题: '/questions/40',
    新增一题: '/questions/new',
    导入题目: '/questions/import',
    批量导入: '/imports',
    上传导入文件: '/imports/new?ledger=guidance',
    亮灯规则: '/help/lights',
    我的账号: '/account',
    权限一览: '/permissions',
    没有这一页: '/units/no-such-unit',
  };
}

/** A verdict of the unit on a pair's month, and a record that it looks at. */
async function counted(get, unit) {
  for (const verdict of links(await get(unit), '/verdicts/R-21/')) {
    const record = links(await get(verdict), '/ledgers/guidance/').find(isRecord);
    if (record) return [verdict, record];
  }
  throw new Error(`${unit} has no verdict of R-21 with a record`);
}
