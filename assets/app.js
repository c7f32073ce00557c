// Progressive enhancement only: every page works without this file.
const root = document.documentElement;
const all = selector => document.querySelectorAll(selector);

/* A choice in a filter submits its form at once; the button stays for everybody else. */
document.addEventListener('change', event => {
  const { target } = event;
  if (target.matches('select') && target.form?.dataset.auto !== undefined) target.form.requestSubmit();
  if (target.type !== 'file' || !target.form?.dataset.upload) return;
  const most = Number(target.form.dataset.upload);
  const large = [...target.files].find(file => file.size > most);
  target.setCustomValidity(large ? `文件“${large.name}”超过${most >> 20}MB，请换一个。` : '');
  target.reportValidity();
});

/* Empty conditions need not stand in the address. The form itself stays as it is, for the way back. */
document.addEventListener('formdata', event => {
  if (event.target.method !== 'get') return;
  for (const [key, value] of [...event.formData]) if (value === '') event.formData.delete(key);
});

/* Size and contrast without a new page: the cookie is the one that the server reads. */
const keep = (name, value) => { document.cookie = `${name}=${value};path=/;max-age=31536000;samesite=lax`; };

function setSize(size) {
  root.dataset.size = size;
  keep('ui_size', size);
  for (const link of all('[data-size-set]')) {
    if (link.dataset.sizeSet === size) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }
}

function toggleContrast() {
  const more = root.dataset.contrast !== 'more';
  if (more) root.dataset.contrast = 'more';
  else delete root.dataset.contrast;
  keep('ui_contrast', more ? 'more' : 'normal');
  for (const link of all('[data-contrast-set]')) link.textContent = more ? '普通对比' : '高对比';
}

document.addEventListener('click', event => {
  const link = event.target.closest('[data-size-set],[data-contrast-set],[data-print]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.dataset.sizeSet) setSize(link.dataset.sizeSet);
  else if (link.dataset.contrastSet !== undefined) toggleContrast();
  else print();
});

/* An open menu of a button shuts on Escape and when something else is clicked. */
const shut = except => { for (const menu of all('details.pop[open]')) if (menu !== except) menu.open = false; };
document.addEventListener('click', event => shut(event.target.closest('details.pop')));
document.addEventListener('keydown', event => {
  if (event.key !== 'Escape') return;
  const menu = event.target.closest('details.pop[open]');
  shut();
  menu?.querySelector('summary').focus();
});

/* Files on their way show how far they are; the answer is a page like any other. */
document.addEventListener('submit', event => {
  const form = event.target;
  if (!form.dataset.upload || !form.querySelector('[type=file]').files.length) return;
  event.preventDefault();
  const button = form.querySelector('button');
  const bar = document.createElement('progress');
  bar.setAttribute('aria-label', '上传进度');
  const request = new XMLHttpRequest();
  request.open('POST', form.action);
  request.responseType = 'document';
  request.upload.onprogress = told => { bar.value = told.loaded / told.total; };
  request.onload = () => {
    const main = request.response?.querySelector('main');
    if (request.status === 200 || !main) return location.assign(request.responseURL);
    document.title = request.response.title;
    document.querySelector('main').replaceWith(document.adoptNode(main));
    document.querySelector('.f-sum')?.focus();
  };
  request.onerror = () => {
    bar.replaceWith('网络中断，没有传完，请再上传一次。');
    button.disabled = false;
  };
  request.send(new FormData(form));
  button.disabled = true;
  button.after(bar);
});

/* After a form that could not be read, the summary of errors is where to begin. */
document.querySelector('.f-sum')?.focus();

/* What the program is doing is told as it goes on; without this file the page comes again by itself. */
const live = document.querySelector('[data-live]');
if (live) {
  const source = new EventSource(live.dataset.live);
  source.onmessage = event => { live.textContent = event.data; };
  source.addEventListener('done', () => { source.close(); location.reload(); });
  source.onerror = () => { if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 3000); };
}
