// Sitting a test: answers are sent at once, kept while the net is away, then sent in their order.
const root = document.querySelector('[data-exam]');
const { exam, attempt } = root.dataset;
const end = performance.now() + root.dataset.left * 1000;
const timer = root.querySelector('[role=timer]');
const token = root.querySelector('[name=form]').value;
const store = `exam ${exam} ${attempt}`;
const note = root.querySelector('[data-note]');
const out = root.querySelector('[data-out]');
const say = text => { if (note) { note.hidden = !text; note.lastElementChild.textContent = text; } };

let warned = Infinity;
setInterval(() => {
  const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
  timer.textContent = `${String(Math.floor(left / 60)).padStart(2, '0')}:${String(left % 60).padStart(2, '0')}`;
  for (const minute of [5, 1]) if (left <= minute * 60 && left > minute * 60 - 10 && warned > minute) {
    warned = minute;
    say(`还剩${minute}分钟。`);
  }
  if (left === 0 && warned > 0) { warned = 0; handIn(); }
}, 500);

async function handIn() {
  say('已到时间，系统正在收卷。');
  if (attempt) await flush();
  if (gone) return;
  if (Object.keys(queue).length || !navigator.onLine) {
    say(trouble || '已到时间，系统已收卷。网络没有恢复，没有传到服务器的答案不计入；联网后转到成绩页。');
    setTimeout(handIn, 3000);
    return;
  }
  const form = document.createElement('form');
  form.method = 'post';
  form.action = `/exams/${exam}/submit`;
  for (const [name, value] of [['form', token], ['sure', '1']]) {
    const input = document.createElement('input');
    Object.assign(input, { type: 'hidden', name, value });
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}

/* What waits to be sent: place → answer, flag, count. */
let queue = {};
let sending = null;
/* Why it waits, if not for the net; where the page is left for. */
let trouble = '', gone;
const keep = () => {
  try {
    if (Object.keys(queue).length) localStorage.setItem(store, JSON.stringify(queue));
    else localStorage.removeItem(store);
  } catch { /* sent at once all the same */ }
};
const flush = () => sending ??= send().finally(() => { sending = null; });

async function send() {
  for (const place of Object.keys(queue)) {
    const said = queue[place];
    let answer;
    trouble = '';
    try {
      answer = await fetch(`/exams/${exam}/save`, { method: 'POST', body: fields(place, said), redirect: 'error' });
    } catch {
      saved.textContent = '网络中断，本机暂存';
      if (warned) say('网络中断。您可以继续作答，答案已暂存本机，联网后自动上传；计时以服务器为准。');
      return;
    }
    const told = answer.headers.get('content-type')?.startsWith('application/json') ? await answer.json() : null;
    if (answer.status >= 500 || answer.status === 429) { saved.textContent = trouble = '尚未保存，正在重试'; return; }
    if (queue[place] === said) delete queue[place];
    keep();
    if (answer.ok) {
      saved.textContent = `${told.saved} 已保存`;
      if (out && told.out) { out.hidden = false; out.lastElementChild.textContent = told.out; }
      if (!Object.keys(queue).length) say('');
    } else {
      say(trouble = told?.error ?? '登录已失效，请在新窗口重新登录，再回到本页继续。');
      if (!told) { queue[place] = said; keep(); return; }
      if (gone = told.to) return location.assign(gone);
      load(1);
    }
  }
}

function fields(place, { a, flag, n }) {
  const body = new URLSearchParams({ form: token, q: place, n });
  for (const value of a) body.append('a', value);
  if (flag) body.append('flag', '1');
  return body;
}

let saved, load;
if (attempt) {
  saved = root.querySelector('[data-saved]');
  let place = Number(root.dataset.place);
  const count = Number(root.dataset.count);
  let all = null;
  try { queue = JSON.parse(localStorage.getItem(store)) ?? {}; } catch { queue = {}; }
  const said = () => {
    const data = new FormData(root);
    return { a: data.getAll('a').filter(v => v !== ''), flag: data.has('flag') };
  };
  let counts = {};
  const note_answer = () => {
    counts[place] = (counts[place] ?? Number(root.elements.n.value) - 1) + 1;
    queue[place] = { ...said(), n: counts[place] };
    if (all) Object.assign(all[place - 1], { a: queue[place].a, flag: queue[place].flag, n: counts[place] + 1 });
    keep();
    flush();
  };
  root.addEventListener('change', event => { if (event.target.matches('[name=a]:not(.inp),[name=flag]')) note_answer(); });
  let typing;
  root.addEventListener('input', event => {
    if (!event.target.matches('.inp')) return;
    clearTimeout(typing);
    typing = setTimeout(() => { typing = null; note_answer(); }, 800);
  });
  const settle = () => { if (typing) { clearTimeout(typing); typing = null; note_answer(); } };

  const element = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  function show(to) {
    const q = all[to - 1];
    place = to;
    const put = (key, text) => { root.querySelector(`[data-${key}]`).textContent = text; };
    put('at', `第${to}题，共${count}题`);
    put('kind', q.kind);
    put('marks', q.marks);
    put('topic', q.topic);
    root.querySelector('.xprog .f').setAttribute('width', 300 * to / count);
    root.elements.flag.checked = q.flag;
    root.elements.n.value = counts[to] !== undefined ? counts[to] + 1 : q.n;
    const box = root.querySelector('fieldset');
    const legend = element('legend', {}, `${to}. ${q.stem}`);
    legend.dataset.stem = '';
    box.replaceChildren(legend, ...q.images.map(src => element('img', { className: 'pic', src, alt: '题目附图' })));
    const label = `第${to}题的答案`;
    if (q.input === 'text' || q.input === 'long') {
      const field = element(q.input === 'text' ? 'input' : 'textarea', { className: 'inp', name: 'a', ariaLabel: label, value: q.a[0] ?? '' });
      field.maxLength = q.input === 'text' ? 500 : 4000;
      if (q.input === 'long') field.rows = 8;
      box.append(field);
    } else {
      q.options.forEach((text, i) => {
        const letter = String.fromCharCode(65 + i);
        const input = element('input', { type: q.input, name: 'a', value: letter, checked: q.a.includes(letter) });
        box.append(element('label', { className: 'opt' }, input, element('b', {}, letter), element('span', {}, text)));
      });
    }
    const [prev, , next] = root.querySelectorAll('.xf .btn');
    prev.disabled = to === 1;
    next.textContent = to === count ? '去交卷' : '下一题';
    document.title = `第${to}题（共${count}题）`;
    root.action = `/exams/${exam}/q/${to}`;
    history.replaceState(null, '', root.action);
    scrollTo(0, 0);
  }
  root.addEventListener('submit', async event => {
    settle();
    const go = event.submitter?.value ?? 'next';
    const to = go === 'prev' ? place - 1 : place + 1;
    event.preventDefault();
    if (go !== 'sheet' && to <= count) {
      if (all) show(to);
      else { await flush(); location.assign(`/exams/${exam}/q/${to}`); }
    } else {
      await flush();
      if (!Object.keys(queue).length) location.assign(`/exams/${exam}/sheet`);
    }
  });
  addEventListener('online', flush);
  setInterval(() => { if (Object.keys(queue).length) flush(); }, 3000);
  addEventListener('pagehide', () => {
    settle();
    for (const [place, waits] of Object.entries(queue)) navigator.sendBeacon(`/exams/${exam}/save`, fields(place, waits));
  });
  addEventListener('beforeunload', event => { if (Object.keys(queue).length) event.preventDefault(); });
  load = anew => fetch(`/exams/${exam}/all`).then(answer => answer.ok ? answer.json() : null).then(got => {
    if (!got) return;
    if (anew) counts = {};
    for (const [at, waits] of Object.entries(queue)) {
      counts[at] = waits.n;
      Object.assign(got[at - 1], { a: waits.a, flag: waits.flag, n: waits.n + 1 });
    }
    all = got;
    if (anew || queue[place]) show(place);
  }, () => {});
  load();
  flush();
}
